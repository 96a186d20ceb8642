"""The environment, read with types.

A value that cannot be read does not stop the start with a traceback: it is noted here, the
default is used, and `manage.py check` (which bin/serve runs first) says what to mend.
"""

import os
from urllib.parse import urlsplit

problems: list[str] = []


def note(problem: str) -> None:
    problems.append(problem)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        note(f"{name} must be 1 or 0, not {value!r}.")
    return default


def number(name: str, default: float, *, least: float = 0) -> float:
    value = text(name)
    if not value:
        return default
    try:
        parsed = float(value)
    except ValueError:
        parsed = float("nan")
    if not least <= parsed < float("inf"):
        note(f"{name} must be a number of at least {least:g}, not {value!r}.")
        return default
    return parsed


def choice(name: str, default: str, *others: str) -> str:
    value = text(name, default)
    if value in {default, *others}:
        return value
    *first, last = default, *others
    note(f"{name} must be {', '.join(first)} or {last}, not {value!r}.")
    return default


def words(name: str) -> list[str]:
    """What stands between commas."""
    return [word for part in text(name).split(",") if (word := part.strip())]


def is_url(value: str, *schemes: str) -> bool:
    """Whether this is an address with one of these schemes and a host."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
