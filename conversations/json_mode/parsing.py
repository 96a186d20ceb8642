"""JSON as its standard has it, and in words where a text is none."""

import json
import re
from typing import NamedTuple, NoReturn

# Characters of a text that is read at all.
MAX_LENGTH = 1_000_000
# Digits of a whole number that is computed with: as many as a float holds, so that nothing
# overflows. JSON itself knows no limit.
MAX_DIGITS = 300

# What Python's reader calls a fault: what a person would. The others are understood as they are.
REASONS = {
    "Expecting value": "a value is missing or is not written as JSON has it",
    "Expecting property name enclosed in double quotes": 'a name in "double quotes" is missing',
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Illegal trailing comma before end of object": "a comma before a closing bracket is too many",
    "Illegal trailing comma before end of array": "a comma before a closing bracket is too many",
    "Extra data": "something follows after its end",
    "Unterminated string starting at": 'a string has no closing "',
    "Invalid control character at": "a line break or tab within a string is not escaped",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "it begins with a byte order mark",
}

# Neither a string without an end nor anything else is looked at twice.
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]++|\\.)*+"?|-?Infinity|NaN', re.DOTALL)


class NotJson(ValueError):
    """The text is no JSON; the words say why, and where."""


class TooMuch(ValueError):
    """The text is larger than what is read here."""


class Parsed(NamedTuple):
    value: object
    # It holds a whole number of more than MAX_DIGITS digits, in whose place 0 stands.
    has_long_number: bool


class _Constant(Exception):
    """NaN or Infinity, which Python would take."""


def parse(text: str) -> Parsed:
    """Raises NotJson or TooMuch, both with words for a person."""
    if len(text) > MAX_LENGTH:
        raise TooMuch(f"This is longer than {MAX_LENGTH:,} characters, too long to be checked.")
    if not text.strip():
        raise NotJson("There is no JSON: the text is empty.")
    long_numbers: list[bool] = []

    def whole_number(digits: str) -> int:
        if len(digits) <= MAX_DIGITS:
            return int(digits)
        long_numbers.append(True)
        return 0

    try:
        value = json.loads(text, parse_int=whole_number, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        reason = REASONS.get(error.msg, error.msg[:1].lower() + error.msg[1:])
        raise _fault(reason, text, error.pos) from None
    except _Constant as constant:
        raise _fault(f"JSON has no {constant}", text, _first_constant(text)) from None
    except RecursionError:
        raise TooMuch("This JSON is nested too deeply to be checked.") from None
    return Parsed(value, bool(long_numbers))


def _refuse(constant: str) -> NoReturn:
    raise _Constant(constant)


def _first_constant(text: str) -> int:
    found = (match for match in _STRING_OR_CONSTANT.finditer(text) if match[0][0] != '"')
    return next(match.start() for match in found)


def _fault(reason: str, text: str, at: int) -> NotJson:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return NotJson(f"This is not valid JSON: {reason} (line {line}, column {column}).")
