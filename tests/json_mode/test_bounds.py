"""Nothing that it is given makes it fetch or hang."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from conversations.json_mode import (
    formatted,
    matching,
)
from conversations.json_mode.parsing import MAX_LENGTH
from tests.json_mode.cases import (
    ENDLESS,
    PEOPLE,
    UNFITTING,
    nested,
    problem,
    quick,
    refusal_of,
)


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
    monkeypatch.undo()
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
