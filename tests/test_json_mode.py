import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.json_mode import (
    formatted,
    matching,
    mentions_json,
    problem_of,
    response_format,
    schema_in,
)
from conversations.json_mode.parsing import MAX_LENGTH
from conversations.json_mode.schemas import MAX_SCHEMA_DEPTH, MAX_SCHEMA_LENGTH
from tests.properties import modest

PEOPLE = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"age": {"type": "integer", "minimum": 0}},
                "required": ["age"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["people"],
}
WHOLE = {"name": "people", "strict": True, "description": "All of them.", "schema": PEOPLE}

# A text that (a+)+$ takes years to tell from one that fits.
ENDLESS = "(a+)+$"
UNFITTING = "a" * 60 + "!"


def problem(text, schema=None, *, is_cut_off=False):
    kind = "json_object" if schema is None else "json_schema"
    return problem_of(text, kind, schema, is_cut_off)


def nested(depth, inner=""):
    return "[" * depth + inner + "]" * depth


def refusal_of(text):
    """Why a typed schema is refused; "" where it is not."""
    try:
        schema_in(text)
    except ValueError as refusal:
        return str(refusal)
    return ""


@contextmanager
def quick(seconds):
    began = time.perf_counter()
    yield
    assert time.perf_counter() - began < seconds


# --- what is asked ----------------------------------------------------------------------------


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


# --- the schema that a person types -----------------------------------------------------------


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


# --- what is wrong with an answer -------------------------------------------------------------

NO_PROBLEM = {
    "text": ("no JSON at all", "text", None),
    "an object": ('{"a": [1, 2.5, null, true, "é🦊"]}', "json_object", None),
    "blanks around it": (' \n{ }\r\n\t"'[:-1], "json_object", None),
    "a name twice": ('{"a": 1, "a": 2}', "json_object", None),
    "a huge number": ('{"a": ' + "9" * 100_000 + "}", "json_object", None),
    "a number beyond floats": ('{"a": 1e999, "b": -0.0}', "json_object", None),
    "half a character": ('{"a": "\\ud800"}', "json_object", None),
    "half a character, bare": ('{"a": "\ud800"}', "json_object", None),
    "NaN within a string": ('{"a": "NaN \\" Infinity"}', "json_object", None),
    "as the schema says": ('{"people": [{"age": 3}, {"age": 4.0}]}', "json_schema", PEOPLE),
    "as the whole description says": ('{"people": []}', "json_schema", WHOLE),
    "a list, where the schema allows it": ("[1]", "json_schema", {"type": "array"}),
    "no schema": ("[1]", "json_schema", None),
}


@pytest.mark.parametrize(("text", "kind", "schema"), NO_PROBLEM.values(), ids=NO_PROBLEM)
@pytest.mark.parametrize("is_cut_off", [False, True])
def test_what_was_asked_for_is_no_problem(text, kind, schema, is_cut_off):
    assert problem_of(text, kind, schema, is_cut_off) == ""


NOT_JSON = {
    "": "There is no JSON: the text is empty.",
    "Sure! {}": (
        "This is not valid JSON: a value is missing or is not written as JSON has it (line 1, "
        "column 1)."
    ),
    '{"a": 1,\n "b": 2\n "c": 3}': (
        "This is not valid JSON: a comma or a closing bracket is missing (line 3, column 2)."
    ),
    '{"a" 1}': "This is not valid JSON: a colon is missing (line 1, column 6).",
    "{'a': 1}": (
        'This is not valid JSON: a name in "double quotes" is missing (line 1, column 2).'
    ),
    "{}\nThat is all.": (
        "This is not valid JSON: something follows after its end (line 2, column 1)."
    ),
    '{"a": "b': 'This is not valid JSON: a string has no closing " (line 1, column 7).',
    '{"a": "b\nc"}': (
        "This is not valid JSON: a line break or tab within a string is not escaped (line 1, "
        "column 9)."
    ),
    '{"a": "NaN",\n "b": NaN}': "This is not valid JSON: JSON has no NaN (line 2, column 7).",
    '["\\"", -Infinity]': "This is not valid JSON: JSON has no -Infinity (line 1, column 8).",
    "\ufeff{}": "This is not valid JSON: it begins with a byte order mark (line 1, column 1).",
}


@pytest.mark.parametrize(("text", "words"), NOT_JSON.items(), ids=map(repr, NOT_JSON))
def test_what_is_no_json_is_told_with_its_place(text, words):
    assert problem(text) == problem(text, PEOPLE) == words
    assert problem(text, is_cut_off=True) == "The JSON was cut off."


def test_json_mode_means_an_object():
    assert problem("[1]") == "This is JSON, but not an object in braces."


MISMATCHES = {
    "missing": ({"people": [{}]}, "'age' is a required property (at people[0])"),
    "at the top": ([], "[] is not of type 'object'"),
    "null": ({"people": None}, "null is not of type 'array' (at people)"),
    "true is no number": (
        {"people": [{"age": 1}, {"age": True}]},
        "true is not of type 'integer' (at people[1].age)",
    ),
    "too small": (
        {"people": [{"age": -1}]},
        "-1 is less than the minimum of 0 (at people[0].age)",
    ),
    "too many": (
        {"people": [{"age": 1, "a": 2}]},
        "Additional properties are not allowed ('a' was unexpected) (at people[0])",
    ),
    "a long value": (
        {"people": "x" * 1_000},
        "this value is not of type 'array' (at people)",
    ),
}


@pytest.mark.parametrize(("answer", "words"), MISMATCHES.values(), ids=MISMATCHES)
@pytest.mark.parametrize("schema", [PEOPLE, WHOLE], ids=["bare", "whole"])
def test_what_the_schema_does_not_allow_is_told_with_its_place(answer, words, schema):
    assert problem(json.dumps(answer), schema) == f"It does not match the schema: {words}."


def test_of_several_kinds_the_one_that_was_meant_is_told():
    schema = {"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"]}]}

    assert problem("{}", schema) == "It does not match the schema: 'a' is a required property."


def test_a_place_with_an_odd_name_is_clear():
    schema = {"additionalProperties": {"type": "null"}}

    assert problem('{"a.b c": 1}', schema).endswith("""'null' (at ["a.b c"]).""")


@pytest.mark.parametrize(
    ("items", "is_unique"),
    [
        ([1, True, "1", None, [1], {"a": 1}], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        ([1, 1.0], False),
        ([[0], [False]], True),
        ([1.5, 1.5], False),
        ([], True),
    ],
)
def test_items_are_compared_as_json_compares_them(items, is_unique):
    assert (problem(json.dumps(items), {"uniqueItems": True}) == "") is is_unique


def test_words_are_short():
    name = "x" * 2_000
    schema = {"additionalProperties": {"additionalProperties": {"enum": ["y" * 1_000]}}}

    for answer in ({name: {name: name}}, {name: {name: "short"}}):
        found = problem(json.dumps(answer), schema)
        assert 0 < len(found) <= 300
        assert found.endswith("…).")


# --- nothing that it is given makes it fetch, hang or fail ------------------------------------


@pytest.fixture
def asked():
    """What a web server on this machine was asked for, and its address."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "null"}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield paths, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$schema", "$id"])
def test_nothing_is_ever_fetched(asked, keyword):
    paths, address = asked
    for schema in (
        {keyword: f"{address}/a.json"},
        {"items": {keyword: f"{address}/b.json#/x"}, "additionalProperties": False},
        {"$id": f"{address}/c/", "items": {keyword: "d.json"}},
    ):
        problem("[1]", schema)
        refusal_of(json.dumps(schema))

    assert paths == []


def test_a_reference_to_elsewhere_is_answered_in_words(tmp_path):
    (tmp_path / "null.json").write_text('{"type": "null"}')

    for reference in ((tmp_path / "null.json").as_uri(), "http://127.0.0.1:1/", "null.json"):
        found = problem("1", {"$ref": reference})
        assert found == "It could not be checked against the schema."


HOSTILE_PATTERNS = {
    "pattern": {"additionalProperties": {"pattern": ENDLESS}},
    "patternProperties": {"patternProperties": {ENDLESS: {}}},
    "beside additionalProperties": {
        "patternProperties": {ENDLESS: {}},
        "additionalProperties": False,
    },
    "before unevaluatedProperties": {
        "allOf": [{"patternProperties": {ENDLESS: {}}}],
        "unevaluatedProperties": False,
    },
    "names": {"propertyNames": {"pattern": ENDLESS}},
    "of another draft": {
        "additionalProperties": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "allOf": [{"pattern": ENDLESS}],
        }
    },
    "by way of the schema of schemas": {
        "$dynamicAnchor": "meta",
        "$ref": "https://json-schema.org/draft/2020-12/schema",
        "additionalProperties": {"pattern": ENDLESS},
    },
    "format": {"additionalProperties": {"format": "regex"}},
}


@pytest.mark.parametrize("schema", HOSTILE_PATTERNS.values(), ids=HOSTILE_PATTERNS)
def test_a_catastrophic_pattern_is_never_tried(schema):
    with quick(1):
        assert problem(json.dumps({UNFITTING: UNFITTING}), schema) == ""


def doubling(levels):
    """A schema that asks for 2 to the power of `levels` comparisons."""
    steps = {
        f"a{level}": {"anyOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$defs": steps | {f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def test_a_check_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(matching, "MAX_SECONDS", 0.1)

    with quick(1):
        assert problem("1", doubling(60)) == (
            "It takes too long to check this answer against the schema."
        )
    assert problem('"x"', doubling(5)) == ""


LARGE = {
    "quotes": '"' + '\\"' * 450_000,
    "quotes before NaN": '["' + '\\"' * 450_000 + '", NaN]',
    "single quotes": '"' * MAX_LENGTH,
    "brackets": nested(400_000),
    "objects": '{"a":' * 150_000 + "1" + "}" * 150_000,
    "digits": "9" * MAX_LENGTH,
    "numbers": "[" + "12345678," * 100_000 + "1]",
    "blanks": " " * MAX_LENGTH,
    "lines": "[" + "\n" * 900_000,
    "distinct items": json.dumps([{"a": number} for number in range(50_000)]),
    "one over": "x" * (MAX_LENGTH + 1),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_large_text_costs_little(text):
    with quick(matching.MAX_SECONDS + 2):
        for schema in (None, PEOPLE, {"uniqueItems": True}):
            assert len(problem(text, schema)) <= 300
        formatted(text)


def test_a_text_that_is_too_long_is_said_to_be():
    words = "This is longer than 1,000,000 characters, too long to be checked."

    assert problem("[" + "1," * 500_000 + "1]") == words
    assert problem("{" * (MAX_LENGTH + 1), is_cut_off=True) == words


def test_what_is_nested_too_deeply_is_said_to_be():
    endless = {"items": {"$ref": "#"}}

    assert problem(nested(10_000)) == "This JSON is nested too deeply to be checked."
    assert problem(nested(800), endless) == (
        "It is nested too deeply to be checked against the schema."
    )
    assert problem(nested(20), endless) == ""


def test_numbers_that_cannot_be_computed_with_are_said_to_be():
    schema = {"multipleOf": 0.1}

    assert problem("9" * 400, schema) == (
        "It has a number with too many digits to be checked against the schema."
    )
    assert problem("1e999", schema) == "It could not be checked against the schema."
    assert problem("9" * 300, {"multipleOf": 3}) == ""


@pytest.mark.parametrize(
    "schema", [{"type": "odd"}, {"type": 5}, {"items": 5}, {"contains": 5}, {"enum": 5}]
)
def test_a_schema_that_is_none_breaks_nothing(schema):
    assert problem("[1]", schema) == "It could not be checked against the schema."


@pytest.mark.parametrize("schema", [5, "x", True, [], {"name": "x", "schema": 5}])
def test_what_is_no_schema_at_all_allows_everything(schema):
    assert problem("[1]", schema) == ""


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)
ANY_TEXT = st.text(st.characters(exclude_categories=[])) | st.text('[]{}:,"\\\n 0123.eE-+tfnNaI')
KEYWORDS = [
    "type",
    "items",
    "properties",
    "required",
    "enum",
    "anyOf",
    "not",
    "uniqueItems",
    "multipleOf",
    "schema",
    "name",
]
ADDRESSES = ["$ref", "$dynamicRef", "$id", "$anchor", "$schema", "$defs"]
WORDS = ["#", "#/$defs", "#a", "a", "http://[", "x:y", "object", "integer"]
ODD_SCHEMAS = st.recursive(
    JSON_VALUES,
    lambda inner: st.dictionaries(
        st.sampled_from(KEYWORDS + ADDRESSES), st.sampled_from(WORDS) | st.lists(inner) | inner
    ),
    max_leaves=8,
).filter(lambda schema: isinstance(schema, dict))
GOOD_SCHEMAS = st.recursive(
    st.sampled_from([{}, True, {"type": "object"}, {"$anchor": "a"}]),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={name: st.sampled_from(WORDS) for name in ADDRESSES[:5]}
        | {"$defs": st.dictionaries(st.sampled_from("ab"), inner), "not": inner}
        | {"anyOf": st.lists(inner, min_size=1), "properties": st.fixed_dictionaries({"a": inner})},
    ),
)


@modest
@given(ANY_TEXT, st.none() | ODD_SCHEMAS, st.booleans())
def test_no_text_makes_it_fail(text, schema, is_cut_off):
    for kind in ("json_object", "json_schema", "text", "odd"):
        assert len(problem_of(text, kind, schema, is_cut_off)) <= 300
    assert isinstance(formatted(text), str)


@modest
@given(JSON_VALUES, st.none() | ODD_SCHEMAS)
def test_no_answer_makes_it_fail(answer, schema):
    assert len(problem_of(json.dumps(answer), "json_schema", schema, False)) <= 300


@modest
@given(ANY_TEXT | ODD_SCHEMAS.map(json.dumps) | GOOD_SCHEMAS.map(json.dumps))
def test_a_typed_schema_is_read_or_refused_in_short_words(text):
    assert len(refusal_of(text)) <= 300


# --- an answer as one reads it ----------------------------------------------------------------

SET_OUT = {
    '{"a":1.10,"b":[1,{}],"c":[]}': """{
  "a": 1.10,
  "b": [
    1,
    {}
  ],
  "c": []
}""",
    ' { "z" : 12345678901234567890123 , "a" : 1E+2 } ': """{
  "z": 12345678901234567890123,
  "a": 1E+2
}""",
    '{"é":"🦊 \\u00e9 {,}: \\" [ ]","é":-0}': """{
  "é": "🦊 \\u00e9 {,}: \\" [ ]",
  "é": -0
}""",
    "[ ]": "[]",
    " true ": "true",
    '"x  y"': '"x  y"',
    "[[[]]]": """[
  [
    []
  ]
]""",
}


@pytest.mark.parametrize(("text", "expected"), SET_OUT.items(), ids=SET_OUT)
def test_json_is_set_out_with_all_else_as_it_was(text, expected):
    assert formatted(text) == expected
    assert formatted(expected) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "Hello", '{"a": 1,}', "[NaN]", "{} {}", "\ufeff{}", nested(20_000), "[" * 10],
)
def test_what_is_no_json_comes_back_as_it_is(text):
    assert formatted(text) == text


def test_what_would_grow_beyond_measure_comes_back_as_it_is():
    text = nested(300, "1," * 10_000 + "1")

    with quick(2):
        assert formatted(text) == text


@modest
@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_setting_out_changes_no_value_and_reads_as_python_would_write_it(value, ascii_, indent):
    text = json.dumps(value, ensure_ascii=ascii_, indent=indent)

    assert json.loads(formatted(text)) == json.loads(text)
    assert formatted(text) == json.dumps(value, ensure_ascii=ascii_, indent=2)
