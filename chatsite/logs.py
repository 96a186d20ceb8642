"""How a line of the log is written: readable, or as JSON. One line an event, and no secrets.

    LineFormatter   2026-11-21 09:00:00,000 INFO conversations… turn ended user=1 status=complete
    JsonFormatter   {"time": "…", "level": "INFO", "logger": "…", "message": "…", "user": 1, …}

A record's `fields` are what it says beside its words. Nothing else that a caller attaches is
written: Django attaches whole requests.
"""

import json
import logging
import re
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from .away import is_away, why

MASK = "[secret]"
# A shorter one is a local server's stand-in: masking it everywhere would only garble the log.
MIN_SECRET_LENGTH = 6

# Line ends and whatever else would let a logged word pass for another line, or turn the reading
# of it around; and what cannot be encoded.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = re.compile(r"[^\s\"'=\\]+")


def escaped(text: str) -> str:
    """The text on one line: control characters as they are written in Python."""
    return _UNWRITABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def masked(text: str) -> str:
    """The text without this site's own secrets."""
    for secret in _secrets():
        text = text.replace(secret, MASK)
    return text


def _secrets() -> Iterator[str]:
    names = ("OPENAI_API_KEY", "SECRET_KEY", "METRICS_TOKEN", "EMAIL_HOST_PASSWORD")
    urls = ("DATABASE_URL", "REDIS_URL", "OPENAI_BASE_URL")
    known = [getattr(settings, name, "") for name in names]
    passwords = [word for name in urls for word in _passwords(getattr(settings, name, ""))]
    return (secret for secret in (*known, *passwords) if len(secret) >= MIN_SECRET_LENGTH)


@lru_cache
def _passwords(url: str) -> tuple[str, ...]:
    """The password in an address, as it stands there and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return ()
    return unquote(password), password


def _pairs(fields: Mapping[str, object]) -> Iterator[str]:
    for name, value in fields.items():
        said = "-" if value is None or value == "" else str(value)
        plain = _PLAIN.fullmatch(said) and not _UNWRITABLE.search(said)
        yield f"{name}={said if plain else _quoted(said)}"


def _quoted(text: str) -> str:
    return escaped(json.dumps(text, ensure_ascii=False))


class _Careful(logging.Formatter):
    def formatException(self, ei: Any) -> str:
        """Nothing but its cause where the database is away: every request would say the same.

        Of a database's words only the first line is kept: the others quote whole rows.
        """
        error = ei[1]
        if is_away(error):
            return escaped(why(error))
        told = traceback.TracebackException(*ei)
        _shorten(told, error)
        return "".join(told.format()).rstrip("\n")


def _shorten(told: traceback.TracebackException, error: BaseException) -> None:
    """Cut the words of every database error in a chain, as far as the traceback shows it."""
    for part, cause in (
        (told.__cause__, error.__cause__),
        (told.__context__, error.__context__),
    ):
        if part and cause:
            _shorten(part, cause)
    if isinstance(error, DatabaseError) or hasattr(error, "sqlstate"):
        told._str = why(error).partition(": ")[2]  # type: ignore[attr-defined] # has no other door


class SeldomAway(logging.Filter):
    """That the database is away, once in so many seconds from each part of the site.

    Every request and every page that comes back meets it: hundreds of lines would say the same.
    """

    SECONDS = 5

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if not (record.exc_info and is_away(record.exc_info[1])):
            return True
        name, now = record.name, time.monotonic()
        with self._lock:
            if now - self._told.get(name, float("-inf")) < self.SECONDS:
                self._untold[name] += 1
                return False
            self._told[name] = now
            if others := self._untold.pop(name, 0):
                record.msg, record.args = f"{record.getMessage()} (and {others} like it)", ()
        return True


class LineFormatter(_Careful):
    def format(self, record: logging.LogRecord) -> str:
        head = (self.formatTime(record), record.levelname, record.name)
        words = escaped(record.getMessage())
        line = " ".join((*head, words, *_pairs(getattr(record, "fields", {}))))
        if record.exc_info and record.exc_info[1]:
            between = ": " if is_away(record.exc_info[1]) else "\n"
            line += between + self.formatException(record.exc_info)
        return masked(line)


class JsonFormatter(BaseJsonFormatter, _Careful):  # type: ignore[misc] # one may give a list
    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data |= {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if "exc_info" in message_dict:
            log_data["exception"] = message_dict["exc_info"]

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {
            name: masked(value) if isinstance(value, str) else value
            for name, value in log_data.items()
        }
