"""Plain text as it comes in and goes on: what may be stored, what may be quoted, how one counts."""

import hashlib
import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def storable(text: str) -> str:
    """The text with what no database can hold (NUL, lone surrogates) as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, safe in a log and in a notice."""
    line = _CONTROL.sub(" ", storable(text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th, 1,021st."""
    is_teen = number % 100 in {11, 12, 13}
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def duration(seconds: int) -> str:
    """12 s, 1 min 5 s, 2 min, 1 h 30 min: as countdown.js writes it."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    hours, more = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{hours:,} h {more} min" if more else f"{hours:,} h"


def roughly(seconds: float) -> str:
    """10 minutes, 1 hour, 24 hours, 3 days: the largest unit of which there are two, or one."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = round(seconds / size)
        if count > 1 or (count == 1 and unit != "day"):
            return f"{count:,} {unit}{'s' if count > 1 else ''}"
    count = max(1, round(seconds))
    return f"{count} second{'s' if count > 1 else ''}"
