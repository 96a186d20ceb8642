import json

import pytest

from conversations.json_mode import problem_of
from conversations.upstream.demo.sample import sample_of

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 10},
        "age": {"type": "integer", "exclusiveMinimum": 17},
        "kind": {"enum": ["guest", "host"]},
        "friends": {"type": "array", "items": {"$ref": "#/$defs/friend"}},
        "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
    },
    "required": ["name", "age", "kind", "friends", "note"],
    "$defs": {"friend": {"type": "object", "properties": {"is_near": {"type": "boolean"}}}},
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "demo"),
        ({"const": 7}, 7),
        ({"default": "tea"}, "tea"),
        ({"type": ["integer", "null"]}, 1),
        ({"type": "number", "maximum": -2.5}, -2.5),
        ({"type": "array"}, []),
        ({"type": "null"}, None),
        ({"oneOf": [{"enum": ["a", "b"]}]}, "a"),
        ({"type": "of its own"}, None),
        ({"$ref": "https://example.org/schema"}, None),
        (True, None),
    ],
)
def test_a_value_for_a_schema(schema, value):
    assert sample_of(schema) == value


def test_a_value_keeps_to_its_schema():
    assert problem_of(json.dumps(sample_of(PERSON)), "json_schema", PERSON, False) == ""


def test_a_schema_that_refers_to_itself_ends():
    endless = {"type": "object", "properties": {"next": {"$ref": "#"}}}

    assert sample_of(endless)["next"]["next"]["next"] is not None
