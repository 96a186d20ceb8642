"""What is wrong with an answer."""

import json

import pytest

from conversations.json_mode import (
    problem_of,
)
from tests.json_mode.cases import (
    PEOPLE,
    WHOLE,
    problem,
)

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
