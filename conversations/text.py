"""Plain text as it comes in and goes on: what may be stored, what may be quoted."""

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
