"""What the headers of providers tell of their limits, and what hostile ones do not."""

import time
from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import errors
from conversations.upstream import RateLimits, open_stream, rate_limits_in
from conversations.upstream.failures import seconds_to_wait
from tests.upstream.conftest import ENDING, ask, call, failed
from tests.upstream_server import content, error_response, respond

# The moment at which every test of a table reads: 2026-11-21 08:00:00 UTC.
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC).timestamp()


def openai(**told):
    """`x-ratelimit-*`, with the names as keywords: remaining_requests="5"."""
    return {f"x-ratelimit-{name.replace('_', '-')}": value for name, value in told.items()}


def anthropic(**told):
    return {f"anthropic-ratelimit-{name.replace('_', '-')}": value for name, value in told.items()}


PROVIDERS = {
    "OpenAI": (
        openai(
            limit_requests="10000",
            remaining_requests="9999",
            reset_requests="6ms",
            limit_tokens="200000",
            remaining_tokens="199976",
            reset_tokens="6m0s",
        ),
        RateLimits(9999, 0.006, 200_000, 199_976, 360.0),
    ),
    "Azure counts plain seconds": (
        openai(remaining_requests="0", remaining_tokens="12", reset_tokens="27"),
        RateLimits(0, None, None, 12, 27.0),
    ),
    "Azure says -1 where it does not count": (
        openai(limit_tokens="-1", remaining_tokens="-1", reset_tokens="0"),
        RateLimits(tokens_reset=0.0),
    ),
    "Groq": (
        openai(
            remaining_requests="14370",
            reset_requests="2m59.56s",
            limit_tokens="18000",
            remaining_tokens="17997",
            reset_tokens="7.66s",
        ),
        RateLimits(14_370, 179.56, 18_000, 17_997, 7.66),
    ),
    "Anthropic": (
        anthropic(
            requests_limit="50",
            requests_remaining="49",
            requests_reset="2026-11-21T08:00:01Z",
            tokens_limit="40000",
            tokens_remaining="0",
            tokens_reset="2026-11-21T09:00:30.5+01:00",
        ),
        RateLimits(49, 1.0, 40_000, 0, 30.5),
    ),
    "plain": (
        {"ratelimit-limit": "60", "ratelimit-remaining": "0", "ratelimit-reset": "30"},
        RateLimits(0, 30.0),
    ),
    "plain, with an x": (
        openai(limit="60", remaining="59", reset="12.5"),
        RateLimits(59, 12.5),
    ),
    "a moment in seconds since 1970": (
        openai(remaining="0", reset=str(int(NOW) + 40)),
        RateLimits(0, 40.0),
    ),
    "a moment in milliseconds since 1970": (
        openai(remaining="0", reset=str(int(NOW) * 1000 + 1500)),
        RateLimits(0, 1.5),
    ),
    "by requests before plain": (
        openai(remaining_requests="3", remaining="7") | {"ratelimit-remaining": "9"},
        RateLimits(3),
    ),
    "what means nothing gives way": (
        openai(remaining_requests="lots", remaining="7"),
        RateLimits(7),
    ),
    "blanks around": (openai(remaining_requests=" 5 ", reset_requests=" 1s "), RateLimits(5, 1.0)),
    "nothing": ({"content-type": "text/event-stream", "retry-after": "7"}, None),
    "nothing that means anything": (openai(remaining_requests="-1", reset_requests="soon"), None),
}


@pytest.mark.parametrize(("headers", "expected"), PROVIDERS.values(), ids=PROVIDERS)
def test_provider(headers, expected):
    limits = rate_limits_in(headers, NOW)

    assert limits == (expected and pytest.approx(expected))


RESETS = {
    "1s": 1.0,
    "20ms": 0.02,
    "6m0s": 360.0,
    "1h2m3.5s": 3600.0,
    "59m59s": 3599.0,
    "1m30s": 90.0,
    "250us": 0.00025,
    "250µs": 0.00025,
    "250μs": 0.00025,
    "9ns": 9e-9,
    "0s": 0.0,
    "0": 0.0,
    "12": 12.0,
    "3599.5": 3599.5,
    "86400": 3600.0,
    "24h": 3600.0,
    "1d": 3600.0,
    "2026-11-21T08:00:10Z": 10.0,
    "2026-11-21T08:00:10.25Z": 10.25,
    "2026-11-21t08:00:10z": 10.0,
    "2026-11-21T00:00:10-08:00": 10.0,
    "2026-11-21T08:00:10": 10.0,
    "2026-11-22T08:00:00Z": 3600.0,
    "2026-11-21T07:59:00Z": 0.0,
    f"{int(NOW) - 5}": 0.0,
}
# Neither is one of them a wait, nor does any break the reading of the others.
NO_RESETS = {
    "empty": "",
    "blank": "   ",
    "negative": "-1",
    "a negative part": "1m-3s",
    "minus and a unit": "-3s",
    "NaN": "nan",
    "infinite": "inf",
    "an exponent": "1e9",
    "words": "soon",
    "a unit alone": "s",
    "an unknown unit": "5w",
    "something before": "about 5s",
    "something between": "1m 30s",
    "something after": "5s!",
    "two points": "1.2.3s",
    "other digits": "٣s",
    "a separator": "1_000",
    "a year from now": "2027-11-21T08:00:00Z",
    "a thousand years from now": "3026-11-21T08:00:00Z",
    "the last year there is": "9999-12-31T23:59:59-23:59",
    "long ago": "2001-01-01T00:00:00Z",
    "the year 0": "0000-01-01T00:00:00Z",
    "a month of hours": "745h",
    "more seconds than a month has": "2678401",
    "a moment that is none": "1" + "0" * 12,
    "all digits": "9" * 64,
    "10 kB of digits": "9" * 10_000,
    "10 kB of seconds": "1s" * 5_000,
    "10 kB of words": "x" * 10_000,
    "control characters": "\x00\x1b[2J",
    "a lone surrogate": "\udcff",
}


@pytest.mark.parametrize(("value", "expected"), RESETS.items(), ids=list(RESETS))
def test_a_reset(value, expected):
    limits = rate_limits_in(openai(reset_requests=value), NOW)

    assert limits.requests_reset == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("value", NO_RESETS.values(), ids=NO_RESETS)
def test_no_reset(value):
    headers = openai(reset_requests=value, reset_tokens=value, remaining_requests="5")

    assert rate_limits_in(headers, NOW) == RateLimits(5)


COUNTS = {"0": 0, "5": 5, "007": 7, "150000000": 150_000_000, str(2**31 - 1): 2**31 - 1}
NO_COUNTS = {
    "empty": "",
    "negative": "-1",
    "NaN": "nan",
    "infinite": "inf",
    "not whole": "1.5",
    "an exponent": "1e3",
    "with commas": "1,000",
    "twice": "5, 7",
    "a separator": "1_000",
    "other digits": "٣",
    "more than anybody's": str(2**31),
    "64 digits": "9" * 64,
    "10 kB": "9" * 10_000,
    "words": "unlimited",
}


@pytest.mark.parametrize(("value", "expected"), COUNTS.items(), ids=list(COUNTS))
def test_a_count(value, expected):
    headers = openai(remaining_requests=value, limit_tokens=value, remaining_tokens=value)

    assert rate_limits_in(headers, NOW) == RateLimits(expected, None, expected, expected)


@pytest.mark.parametrize("value", NO_COUNTS.values(), ids=NO_COUNTS)
def test_no_count(value):
    headers = openai(remaining_requests=value, limit_tokens=value, remaining_tokens=value)

    assert rate_limits_in(headers | openai(reset_requests="1s"), NOW) == RateLimits(None, 1.0)


@given(st.text(alphabet="0123456789.dhmsunµ-+:TZ e", max_size=40) | st.text(max_size=80))
def test_no_value_breaks_it(value):
    limits = rate_limits_in(
        openai(remaining_requests=value, reset_requests=value, remaining_tokens=value), NOW
    )

    if limits:
        assert 0 <= (limits.requests_reset or 0) <= 3600
        assert 0 <= (limits.requests_left or 0) < 2**31


def test_names_may_be_written_in_any_case():
    headers = httpx2.Headers({"X-RateLimit-Remaining-Requests": "5"})

    assert rate_limits_in(headers, NOW) == RateLimits(5)


def test_by_itself_it_counts_from_now():
    reset = datetime.fromtimestamp(time.time() + 60, UTC).isoformat()

    limits = rate_limits_in(anthropic(requests_reset=reset))

    assert limits.requests_reset == pytest.approx(60, abs=30)


# --- over real HTTP ---------------------------------------------------------------------------


async def test_a_stream_tells_them_from_its_first_moment(upstream):
    headers = openai(remaining_requests="0", reset_requests="1m0s", remaining_tokens="90")
    upstream.play(respond(headers=headers), content("Hi"), *ENDING)

    async with open_stream(ask()) as stream:
        assert stream.rate_limits == RateLimits(0, 60.0, None, 90)
        assert [delta.text async for delta in stream] == ["Hi"]


async def test_a_stream_of_a_provider_that_tells_nothing(upstream):
    upstream.play(content("Hi"), *ENDING)

    outcome = await call()

    assert (outcome.error, outcome.stream.rate_limits) == (None, None)


async def test_hostile_headers_spoil_no_answer(upstream):
    headers = openai(
        remaining_requests="9" * 10_000, reset_requests="nan", limit_tokens="-5", reset_tokens="1s"
    )
    upstream.play(respond(headers=headers), content("Hi"), *ENDING)

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)
    assert outcome.stream.rate_limits == RateLimits(tokens_reset=1.0)


# --- a wait that is asked for -----------------------------------------------------------------

WAITS = {
    "seconds": (429, {"retry-after": "7"}, errors.RateLimited, 7.0),
    "a fraction": (429, {"retry-after": "0.25"}, errors.RateLimited, 0.25),
    "milliseconds": (429, {"retry-after-ms": "1500"}, errors.RateLimited, 1.5),
    "milliseconds are more exact": (
        429,
        {"retry-after-ms": "1500", "retry-after": "2"},
        errors.RateLimited,
        1.5,
    ),
    "a day": (429, {"retry-after": "86400"}, errors.RateLimited, 86_400.0),
    "503": (503, {"retry-after": "3"}, errors.ServerFailed, 3.0),
    "529": (529, {"retry-after": "3"}, errors.ServerFailed, 3.0),
    "500, in milliseconds": (500, {"retry-after-ms": "20"}, errors.ServerFailed, 0.02),
    "503 without": (503, {}, errors.ServerFailed, None),
    "429 without": (429, {}, errors.RateLimited, None),
    "429 with garbage": (429, {"retry-after": "x" * 10_000}, errors.RateLimited, None),
}


@pytest.mark.parametrize(("status", "headers", "error", "wait"), WAITS.values(), ids=WAITS)
async def test_an_error_carries_the_wait_that_is_asked_for(upstream, status, headers, error, wait):
    outcome = await failed(upstream, error_response(status, headers=headers))

    assert type(outcome.error) is error
    assert outcome.error.retry_after == wait


@given(st.text(alphabet="0123456789.-+:, eGMTonSuJan", max_size=40) | st.text(max_size=80))
def test_no_retry_after_breaks_it(value):
    for name in ("retry-after", "retry-after-ms"):
        wait = seconds_to_wait({name: value})

        assert wait is None or 0 <= wait <= 31 * 86_400
