"""The schema that a person types, and the response format that the API is asked for."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from conversations.text import one_line, storable

from .matching import OutOfTime, mismatch, mismatch_of_schema
from .parsing import parse

# Characters of a schema, and levels of brackets within it.
MAX_SCHEMA_LENGTH = 50_000
MAX_SCHEMA_DEPTH = 50

# The API wants a name; this one stands where the person gave none.
NAME = "answer"
# What a whole description has: a schema, and what the API wants to know about it.
WHOLE = frozenset({"name", "schema", "strict", "description"})

REFERENCES = ("$ref", "$dynamicRef")

# The API refuses any other.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def mentions_json(texts: Iterable[str]) -> bool:
    """Whether one of the texts says "JSON", without which the API refuses its JSON mode."""
    return any("json" in text.lower() for text in texts)


def response_format(kind: str, schema: object | None) -> dict[str, object] | None:
    """What the API takes, None for plain text. `schema` is what `schema_in` has read."""
    if kind == "json_object":
        return {"type": "json_object"}
    if kind != "json_schema":
        return None
    if isinstance(schema, Mapping) and _is_whole(schema):
        return {"type": "json_schema", "json_schema": dict(schema)}
    known = {} if schema is None else {"schema": schema}
    return {"type": "json_schema", "json_schema": {"name": NAME} | known}


def bare(schema: Mapping[str, Any]) -> Any:
    """The schema itself, of a whole description too."""
    return schema["schema"] if _is_whole(schema) else schema


def _is_whole(schema: Mapping[str, Any]) -> bool:
    return "schema" in schema and set(schema) <= WHOLE


def schema_in(text: str) -> Mapping[str, Any]:
    """What a person typed: a schema, or a whole description of one, as it is to be stored.

    Raises ValueError, in words that say what to change.
    """
    if len(text) > MAX_SCHEMA_LENGTH:
        raise ValueError(f"The schema is longer than {MAX_SCHEMA_LENGTH:,} characters.")
    parsed = parse(text)
    typed = parsed.value
    if not isinstance(typed, dict):
        raise ValueError("A schema is a JSON object: { … }.")
    if parsed.has_long_number:
        raise ValueError("The schema has a number with too many digits.")
    for depth, value in _walk(typed):
        _check_value(depth, value)
    if _is_whole(typed):
        _check_description(typed)
    _check_schema(bare(typed))
    return typed


def _walk(value: object) -> Iterator[tuple[int, object]]:
    """Every value with its depth, names included."""
    left: list[tuple[int, object]] = [(1, value)]
    while left:
        depth, one = left.pop()
        yield depth, one
        if isinstance(one, dict):
            left += [(depth + 1, part) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            left += [(depth + 1, part) for part in one]


def _check_value(depth: int, value: object) -> None:
    if depth > MAX_SCHEMA_DEPTH and isinstance(value, dict | list):
        raise ValueError(f"The schema is nested more than {MAX_SCHEMA_DEPTH} levels deep.")
    if isinstance(value, str) and storable(value) != value:
        raise ValueError("The schema has a character that is none (\\u0000 or half a character).")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("The schema has a number that is too large.")


def _check_description(whole: Mapping[str, Any]) -> None:
    name = whole.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            'Beside "schema" there must be a "name" of at most 64 letters (a to z), digits, "_" '
            'and "-".'
        )
    if not isinstance(whole.get("strict"), bool | None):
        raise ValueError('"strict" must be true or false.')
    if not isinstance(whole.get("description", ""), str):
        raise ValueError('"description" must be a text.')


def _check_schema(schema: object) -> None:
    if not isinstance(schema, dict):
        raise ValueError('What stands under "schema" must be a JSON object: { … }.')
    try:
        fault = mismatch_of_schema(schema)
        if not fault:
            _check_references(schema)
            mismatch({}, schema)
    except RecursionError:
        raise ValueError("The schema refers to itself without end.") from None
    except OutOfTime:
        raise ValueError("It takes too long to check this schema; make it simpler.") from None
    except Unresolvable:
        raise ValueError("The schema has a reference or an $id that leads nowhere.") from None
    if fault:
        raise ValueError(f"This is not a valid JSON Schema: {fault}.")


def _check_references(schema: Mapping[str, Any]) -> None:
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    references = [part[name] for part in _parts(schema) for name in REFERENCES if name in part]
    for reference in references:
        quoted = one_line(reference, 80)
        if not reference.startswith("#"):
            raise ValueError(
                f"The schema refers to '{quoted}'. Nothing is fetched from elsewhere: put it "
                "under $defs and refer to '#/$defs/…'."
            )
        try:
            resolver.lookup(reference)
        except (Unresolvable, ValueError):
            raise ValueError(f"The schema refers to '{quoted}', which it does not have.") from None


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, Mapping):
            yield part
            left += DRAFT202012.subresources_of(part)
