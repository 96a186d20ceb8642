"""What a provider tells of the limits it holds us to, in the headers of its responses.

OpenAI, Azure and Groq count down in a notation of their own ("6m0s", "20ms"), Azure also in plain
seconds; Anthropic names the moment; plain `ratelimit-*` headers of other servers give seconds, or
the moment as seconds or milliseconds since 1970. A value that means nothing is not told.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

T = TypeVar("T")

# Seconds: a reset is never awaited longer, and one beyond a month means something else.
LONGEST_RESET = 3600.0
BELIEVED = 31 * 86_400.0
# What is more than anybody's limit, and more than the database holds.
MOST = 2**31 - 1
# Characters of a value that are looked at.
MAX_LENGTH = 64

_REQUESTS_LEFT = (
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-requests-remaining",
    "ratelimit-remaining",
    "x-ratelimit-remaining",
)
_REQUESTS_RESET = (
    "x-ratelimit-reset-requests",
    "anthropic-ratelimit-requests-reset",
    "ratelimit-reset",
    "x-ratelimit-reset",
)
_TOKENS_LIMIT = ("x-ratelimit-limit-tokens", "anthropic-ratelimit-tokens-limit")
_TOKENS_LEFT = ("x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining")
_TOKENS_RESET = ("x-ratelimit-reset-tokens", "anthropic-ratelimit-tokens-reset")

_COUNT = re.compile(r"[0-9]{1,10}")
_NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{0,12})?")
_PART = re.compile(r"([0-9]{1,16}(?:\.[0-9]{0,12})?)(d|h|ms|us|µs|μs|ns|m|s)")
_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
# A plain number from here on is a moment: seconds since 1970, or milliseconds.
_FIRST_MOMENT = 1e9
_FIRST_MOMENT_MS = 1e12


@dataclass(frozen=True)
class RateLimits:
    """Each is None where the provider does not tell; resets are in seconds from now."""

    requests_left: int | None = None
    requests_reset: float | None = None
    tokens_limit: int | None = None
    tokens_left: int | None = None
    tokens_reset: float | None = None


def rate_limits_in(headers: Mapping[str, str], now: float | None = None) -> RateLimits | None:
    """None where nothing is told. Names are in lower case, or `headers` ignores case.

    `now` is in seconds since 1970.
    """
    reset = partial(_reset, now=time.time() if now is None else now)
    limits = RateLimits(
        requests_left=_first(headers, _REQUESTS_LEFT, _count),
        requests_reset=_first(headers, _REQUESTS_RESET, reset),
        tokens_limit=_first(headers, _TOKENS_LIMIT, _count),
        tokens_left=_first(headers, _TOKENS_LEFT, _count),
        tokens_reset=_first(headers, _TOKENS_RESET, reset),
    )
    return None if limits == RateLimits() else limits


def _first(
    headers: Mapping[str, str], names: tuple[str, ...], read: Callable[[str], T | None]
) -> T | None:
    """The first of these headers that means something."""
    values = (headers.get(name, "") for name in names)
    told = (read(value.strip()) for value in values if len(value) <= MAX_LENGTH)
    return next((one for one in told if one is not None), None)


def _count(value: str) -> int | None:
    """Azure says -1 where it does not count."""
    count = int(value) if _COUNT.fullmatch(value) else None
    return count if count is not None and count <= MOST else None


def _reset(value: str, now: float) -> float | None:
    if _NUMBER.fullmatch(value):
        seconds: float | None = float(value)
        if float(value) >= _FIRST_MOMENT:
            per_second = 1000 if float(value) >= _FIRST_MOMENT_MS else 1
            seconds = float(value) / per_second - now
    else:
        counted = _duration(value)
        seconds = _until(value, now) if counted is None else counted
    if seconds is None or abs(seconds) > BELIEVED:
        return None
    # A moment may have passed on the way.
    return min(max(seconds, 0.0), LONGEST_RESET)


def _duration(value: str) -> float | None:
    """Seconds of "1h2m3.5s"."""
    seconds, end = 0.0, 0
    for part in _PART.finditer(value):
        if part.start() != end:
            return None
        amount, unit = part.groups()
        seconds += float(amount) * _SECONDS.get(unit, 1e-6)
        end = part.end()
    return seconds if end and end == len(value) else None


def _until(value: str, now: float) -> float | None:
    """Seconds until a moment as RFC 3339 writes it."""
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
