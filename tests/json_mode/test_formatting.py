"""An answer as one reads it."""

import pytest

from conversations.json_mode import (
    formatted,
)
from tests.json_mode.cases import nested, quick

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
