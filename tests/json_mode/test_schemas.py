"""What is asked of the API, and the schema that a person types."""

import json

import pytest

from conversations.json_mode import (
    matching,
    mentions_json,
    response_format,
    schema_in,
)
from conversations.json_mode.schemas import MAX_SCHEMA_DEPTH, MAX_SCHEMA_LENGTH
from tests.json_mode.cases import (
    ENDLESS,
    PEOPLE,
    WHOLE,
    nested,
    quick,
    refusal_of,
)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Answer in JSON."], True),
        (["Hello", "as json, please"], True),
        (["Use JSONL"], True),
        (["Hello", "J S O N"], False),
        ([""], False),
        ([], False),
    ],
)
def test_json_is_mentioned_anywhere_and_in_any_case(texts, expected):
    assert mentions_json(iter(texts)) is expected


FORMATS = {
    "text": ("text", None, None),
    "text, with a schema kept for later": ("text", PEOPLE, None),
    "JSON": ("json_object", None, {"type": "json_object"}),
    "a schema": (
        "json_schema",
        PEOPLE,
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": PEOPLE}},
    ),
    "a whole description": (
        "json_schema",
        WHOLE,
        {"type": "json_schema", "json_schema": WHOLE},
    ),
    "a schema that has a name among others": (
        "json_schema",
        {"schema": {}, "type": "object"},
        {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"schema": {}, "type": "object"}},
        },
    ),
    "no schema yet": (
        "json_schema",
        None,
        {"type": "json_schema", "json_schema": {"name": "answer"}},
    ),
}


@pytest.mark.parametrize(("kind", "schema", "expected"), FORMATS.values(), ids=FORMATS)
def test_the_format_that_the_api_takes(kind, schema, expected):
    assert response_format(kind, schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {},
        PEOPLE,
        WHOLE,
        {"name": "a-B_9", "schema": {}},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {}}},
        {"$defs": {"a": {"type": "null"}}, "items": {"$ref": "#/$defs/a"}},
        {"items": {"$ref": "#"}},
        {"const": {"$ref": "http://not.a.reference/"}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}},
        {"pattern": ENDLESS},
    ],
)
def test_a_schema_is_read_as_it_was_typed(schema):
    assert schema_in(json.dumps(schema, indent=4)) == schema


REFUSED_SCHEMAS = {
    "nothing": (" \n", "There is no JSON: the text is empty."),
    "no JSON": (
        '{\n  "type": "object",\n}',
        'This is not valid JSON: a name in "double quotes" is missing (line 3, column 1).',
    ),
    "not an object": ("[]", "A schema is a JSON object: { … }."),
    "true": ("true", "A schema is a JSON object: { … }."),
    "an unknown type": (
        '{"properties": {"age": {"type": "number!"}}}',
        "This is not a valid JSON Schema: 'number!' is not one of ['array', 'boolean', 'integer', "
        "'null', 'number', 'object', 'string'] (at properties.age.type).",
    ),
    "a wrong keyword": (
        '{"required": "age"}',
        "This is not a valid JSON Schema: 'age' is not of type 'array' (at required).",
    ),
    "twice the same": (
        '{"type": ["string", "string"]}',
        "This is not a valid JSON Schema: ['string', 'string'] has non-unique elements (at type).",
    ),
    "a schema within that is none": (
        '{"name": "x", "schema": {"items": 5}}',
        "This is not a valid JSON Schema: 5 is not of type 'object', 'boolean' (at items).",
    ),
    "a web address": (
        '{"properties": {"a": {"$ref": "https://x.example/a.json"}}}',
        "The schema refers to 'https://x.example/a.json'. Nothing is fetched from elsewhere: put "
        "it under $defs and refer to '#/$defs/…'.",
    ),
    "a file": (
        '{"$ref": "file:///etc/passwd"}',
        "The schema refers to 'file:///etc/passwd'. Nothing is fetched from elsewhere: put it "
        "under $defs and refer to '#/$defs/…'.",
    ),
    "a reference to nothing": (
        '{"$ref": "#/$defs/a"}',
        "The schema refers to '#/$defs/a', which it does not have.",
    ),
    "a circle of references": (
        '{"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#"}]}}}',
        "The schema refers to itself without end.",
    ),
    "no name": (
        '{"schema": {}}',
        'Beside "schema" there must be a "name" of at most 64 letters (a to z), digits, "_" and '
        '"-".',
    ),
    "strict": ('{"name": "x", "schema": {}, "strict": 1}', '"strict" must be true or false.'),
    "description": (
        '{"name": "x", "schema": {}, "description": 1}',
        '"description" must be a text.',
    ),
    "no schema within": (
        '{"name": "x", "schema": [1]}',
        'What stands under "schema" must be a JSON object: { … }.',
    ),
    "too long": (
        json.dumps({"title": "x" * MAX_SCHEMA_LENGTH}),
        "The schema is longer than 50,000 characters.",
    ),
    "too deep": (
        '{"enum": ' + nested(MAX_SCHEMA_DEPTH) + "}",
        "The schema is nested more than 50 levels deep.",
    ),
    "endlessly deep": ("[" * 40_000, "This JSON is nested too deeply to be checked."),
    "NaN": ('{"const": NaN}', "This is not valid JSON: JSON has no NaN (line 1, column 11)."),
    "too large a number": ('{"const": 1e999}', "The schema has a number that is too large."),
    "too long a number": (
        '{"const": ' + "9" * 5_000 + "}",
        "The schema has a number with too many digits.",
    ),
    "half a character": (
        '{"title": "\\ud800"}',
        "The schema has a character that is none (\\u0000 or half a character).",
    ),
    "NUL in a name": (
        '{"properties": {"\\u0000": {}}}',
        "The schema has a character that is none (\\u0000 or half a character).",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED_SCHEMAS.values(), ids=REFUSED_SCHEMAS)
def test_a_schema_is_refused_in_words_that_say_why(text, words):
    assert refusal_of(text) == words


@pytest.mark.parametrize("name", ["", "two words", "ä", "a" * 65, "a\n", 5, None])
def test_a_name_that_the_api_refuses(name):
    assert "at most 64 letters" in refusal_of(json.dumps({"name": name, "schema": {}}))


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {f"p{number}": {"type": "string"} for number in range(1_500)}},
        {"type": [{str(number): number} for number in range(3_500)]},
        {"allOf": [5] * 15_000},
        {"required": ["x" * 40_000] * 2},
    ],
)
def test_a_large_schema_is_read_or_refused_in_bounded_time(schema):
    with quick(matching.MAX_SECONDS + 1):
        assert len(refusal_of(json.dumps(schema))) <= 300
