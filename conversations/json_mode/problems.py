"""What is wrong with an answer that was to be JSON."""

from collections.abc import Mapping

from conversations.text import one_line

from .matching import OutOfTime, mismatch
from .parsing import NotJson, parse
from .schemas import bare

MAX_PROBLEM_LENGTH = 300  # characters


def problem_of(text: str, kind: str, schema: object | None, is_cut_off: bool) -> str:
    """What keeps an answer from being what was asked for, in words; "" where nothing does.

    `kind` and `schema` are those of `response_format`; `is_cut_off` says that the answer ended at
    its limit. Never raises. It may take `matching.MAX_SECONDS`, so not on an event loop.
    """
    if kind not in {"json_object", "json_schema"}:
        return ""
    try:
        parsed = parse(text)
    except NotJson as fault:
        return "The JSON was cut off." if is_cut_off else one_line(str(fault), MAX_PROBLEM_LENGTH)
    except ValueError as fault:
        return str(fault)
    if kind == "json_object":
        is_object = isinstance(parsed.value, dict)
        return "" if is_object else "This is JSON, but not an object in braces."
    wanted = bare(schema) if isinstance(schema, Mapping) else None
    if not isinstance(wanted, Mapping):
        return ""
    if parsed.has_long_number:
        return "It has a number with too many digits to be checked against the schema."
    return one_line(_problem_of_value(parsed.value, wanted), MAX_PROBLEM_LENGTH)


def _problem_of_value(value: object, schema: Mapping[str, object]) -> str:
    try:
        found = mismatch(value, schema)
    except OutOfTime:
        return "It takes too long to check this answer against the schema."
    except RecursionError:
        return "It is nested too deeply to be checked against the schema."
    except Exception:
        # A schema that was stored unchecked, or numbers that the library cannot compute with.
        return "It could not be checked against the schema."
    return f"It does not match the schema: {found}." if found else ""
