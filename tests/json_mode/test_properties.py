"""Whatever it is given, it does not fail."""

import json

from hypothesis import given
from hypothesis import strategies as st

from conversations.json_mode import (
    formatted,
    problem_of,
)
from tests.json_mode.cases import (
    refusal_of,
)
from tests.properties import modest

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


@modest
@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_setting_out_changes_no_value_and_reads_as_python_would_write_it(value, ascii_, indent):
    text = json.dumps(value, ensure_ascii=ascii_, indent=indent)

    assert json.loads(formatted(text)) == json.loads(text)
    assert formatted(text) == json.dumps(value, ensure_ascii=ascii_, indent=2)
