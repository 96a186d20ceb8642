"""Whether a value matches a schema, by the library jsonschema with three of its habits changed.

It would look up a `$ref` to another address on the network; here it knows local ones only. It
would try a `pattern` for as long as that takes, which a hostile one makes for ever; so `pattern`
and `patternProperties` are not checked, nor what cannot be told without them:
`unevaluatedProperties`, and `additionalProperties` beside `patternProperties`. And it would take
all the time that a schema asks for, which doubles with each level of `anyOf`; here it has
MAX_SECONDS.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import attrs
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from referencing import Registry

from conversations.text import one_line

# Of one check. A check does not wait for anything, so it belongs into a thread.
MAX_SECONDS = 2.0
# Characters of a value, and of the way to it, that words quote.
MAX_SHOWN = 60
MAX_PLACE_LENGTH = 80
MAX_WORDS_LENGTH = 180

_NAMES_IN_JSON = {"None": "null", "True": "true", "False": "false"}

_deadline: ContextVar[float] = ContextVar("_deadline", default=float("inf"))


class OutOfTime(Exception):
    """MAX_SECONDS have passed."""


def mismatch(value: object, schema: Mapping[str, Any]) -> str:
    """The first way in which a value does not match, in words; "" where it matches.

    Raises OutOfTime, and whatever the library raises where a schema is wrong or a value too deep.
    """
    token = _deadline.set(time.monotonic() + MAX_SECONDS)
    try:
        # The first fault is all that is told; looking for the others could take its time.
        error = next(_Checker(schema, registry=Registry()).iter_errors(value), None)
    finally:
        _deadline.reset(token)
    return _words(_telling(error)) if error else ""


def mismatch_of_schema(schema: object) -> str:
    """The same for a schema and what JSON Schema says of schemas."""
    return mismatch(schema, Draft202012Validator.META_SCHEMA)


def _telling(error: ValidationError) -> ValidationError:
    """The fault within the only one of several allowed kinds that the value can have meant."""
    while error.validator in {"anyOf", "oneOf"}:
        meant = [one for one in error.context or () if one.path or one.validator != "type"]
        if len(meant) != 1:
            break
        error = meant[0]
    return best_match([error]) or error


def _words(error: ValidationError) -> str:
    message, shown = error.message, repr(error.instance)
    if message.startswith(shown):
        short = "this value" if len(shown) > MAX_SHOWN else _NAMES_IN_JSON.get(shown, shown)
        message = short + message.removeprefix(shown)
    place = one_line(_place(error), MAX_PLACE_LENGTH)
    return one_line(message, MAX_WORDS_LENGTH) + (f" (at {place})" if place else "")


def _place(error: ValidationError) -> str:
    steps = [
        f"[{step}]"
        if isinstance(step, int)
        else f".{step}"
        if step.isidentifier()
        # A name that could be read as several.
        else f"[{json.dumps(step, ensure_ascii=False)}]"
        for step in error.absolute_path
    ]
    return "".join(steps).removeprefix(".")


def _evolve(validator: Any, **changes: Any) -> Any:
    """The step to a part of the schema, of which every check consists.

    The library's own would change to the validator that a part's `$schema` names, and so back to
    all the habits.
    """
    if time.monotonic() > _deadline.get():
        raise OutOfTime
    return attrs.evolve(validator, **changes)


def _unchecked(validator: Any, wanted: Any, value: Any, schema: Any) -> None:
    """A keyword that is passed over."""


def _additional_properties(
    validator: Any, wanted: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if "patternProperties" not in schema:
        check = Draft202012Validator.VALIDATORS["additionalProperties"]
        yield from check(validator, wanted, value, schema)


def _unique_items(
    validator: Any, wanted: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    """The library's own compares each with each where they cannot be sorted."""
    if wanted and validator.is_type(value, "array"):
        items = {json.dumps(_comparable(item), sort_keys=True) for item in value}
        if len(items) < len(value):
            yield ValidationError(f"{value!r} has non-unique elements")


def _comparable(value: Any) -> Any:
    """The same for equal values only: in JSON 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, dict):
        return {name: _comparable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Checker = extend(  # type: ignore[no-untyped-call]  # the stubs leave it bare
    Draft202012Validator,
    {
        "pattern": _unchecked,
        "patternProperties": _unchecked,
        "unevaluatedProperties": _unchecked,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    },
)
_Checker.evolve = _evolve
