import email.utils
import ssl
import time

import httpx2
import openai
import pytest

from conversations import errors
from conversations.upstream.failures import (
    LONGEST_WAIT,
    failure_from,
    failure_of,
    seconds_to_wait,
)
from conversations.upstream.redaction import MAX_QUOTE_LENGTH, quotable

KEY = "a-key-of-this-site-0123456789"
REQUEST = httpx2.Request("POST", "http://test/v1/chat/completions")


@pytest.fixture(autouse=True)
def site_key(settings):
    settings.OPENAI_API_KEY = KEY
    settings.OPENAI_BASE_URL = "http://someone:pass%40word-123@test/v1"


def error(message="Some words.", code=None, kind=None):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


STATUSES = {
    "401": (401, error(code="invalid_api_key"), errors.AuthenticationFailed),
    "403": (403, error(), errors.AuthenticationFailed),
    "403, model": (403, error(code="model_not_found"), errors.BadRequest),
    "400": (400, error(), errors.BadRequest),
    "400, key": (400, error(code="invalid_api_key"), errors.AuthenticationFailed),
    "400, context": (400, error(code="context_length_exceeded"), errors.ContextLengthExceeded),
    "402": (402, error(), errors.QuotaSpent),
    "404": (404, error(code="model_not_found"), errors.BadRequest),
    "405": (405, None, errors.BadRequest),
    "408": (408, None, errors.TimedOut),
    "409": (409, error(), errors.ServerFailed),
    "413": (413, error(), errors.BadRequest),
    "418": (418, "I am a teapot", errors.BadRequest),
    "422": (422, {"detail": "What?"}, errors.BadRequest),
    "429": (429, error(code="rate_limit_exceeded"), errors.RateLimited),
    "429, tokens": (429, error(code="rate_limit_exceeded", kind="tokens"), errors.RateLimited),
    "429, quota by code": (429, error(code="insufficient_quota"), errors.QuotaSpent),
    "429, quota by type": (429, error(kind="insufficient_quota"), errors.QuotaSpent),
    "429, too many tokens": (429, error("Too many tokens per minute"), errors.RateLimited),
    "500": (500, error(), errors.ServerFailed),
    "502, a page": (502, "<html>Bad gateway</html>", errors.ServerFailed),
    "503": (503, None, errors.ServerFailed),
    "504": (504, [], errors.ServerFailed),
    "529": (529, error(kind="overloaded_error"), errors.ServerFailed),
    "301": (301, "", errors.BadRequest),
    "307": (307, "", errors.BadRequest),
}


@pytest.mark.parametrize(("status", "payload", "expected"), STATUSES.values(), ids=STATUSES)
def test_status(status, payload, expected):
    assert type(failure_of(payload, status)) is expected


REPORTED = {
    "code": (error(code="rate_limit_exceeded"), errors.RateLimited),
    "type": (error(kind="invalid_request_error"), errors.BadRequest),
    "key": (error(kind="authentication_error"), errors.AuthenticationFailed),
    "status as code": (error(code=429), errors.RateLimited),
    "status as text": (error(code="401"), errors.AuthenticationFailed),
    "status by name": (
        {"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}},
        errors.RateLimited,
    ),
    "server": (error(kind="server_error"), errors.ServerFailed),
    "status of a server": (error(code=502), errors.ServerFailed),
    "context": (error(code="context_length_exceeded"), errors.ContextLengthExceeded),
    "quota": (error(code="insufficient_quota"), errors.QuotaSpent),
    "timeout": (error(kind="timeout"), errors.TimedOut),
    "unknown": (error(code="whatever"), errors.ServerFailed),
    "a number that is no status": (error(code=7), errors.ServerFailed),
    "true": ({"error": True, "message": "Words"}, errors.ServerFailed),
    "words": ({"error": "Words"}, errors.ServerFailed),
    "words beside a code": ({"error": "Words", "code": 400}, errors.BadRequest),
    "no envelope": ({"object": "error", "message": "Words", "code": 400}, errors.BadRequest),
    "a list": ([error(code=400)], errors.BadRequest),
    "nothing": ({}, errors.ServerFailed),
    "an empty list": ([], errors.ServerFailed),
    "odd types": (
        {"error": {"message": ["x"], "type": {}, "code": [], "status": 1.5}},
        errors.ServerFailed,
    ),
}


@pytest.mark.parametrize(("payload", "expected"), REPORTED.values(), ids=REPORTED)
def test_error_reported_without_a_status(payload, expected):
    assert type(failure_of(payload)) is expected


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
        "Your input exceeds the context window of this model.",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "too many tokens: total number of tokens in the prompt cannot exceed 4081",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 and 20",
        "Input is too long for requested model.",
        "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
        "Please reduce the length of the messages or completion.",
        "litellm.ContextWindowExceededError: context_length_exceeded",
    ],
)
def test_prompt_too_long_in_the_words_of_compatible_servers(words):
    failure = failure_of(error(words), 400)

    assert type(failure) is errors.ContextLengthExceeded
    assert failure.detail == words


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
        "Unsupported parameter: 'max_tokens' is not supported with this model.",
        "The model `gpt-9` does not exist or you do not have access to it.",
    ],
)
def test_other_complaints_are_no_long_prompt(words):
    failure = failure_of(error(words), 400)

    assert type(failure) is errors.BadRequest
    assert str(failure) == f"The provider did not accept this request: {words}"


def test_words_of_failures():
    assert str(failure_of(error("The model `x` does not exist."), 404)) == (
        "The provider did not accept this request: The model `x` does not exist."
    )
    assert str(failure_of("<html>", 404)) == (
        "The provider did not accept this request: there is nothing at this address (404). "
        "OPENAI_BASE_URL may be wrong."
    )
    assert str(failure_of("<html>", 502)) == "The provider failed (502)."
    assert "redirect (307)" in str(failure_of("", 307))
    assert str(failure_of({"error": "Boom"})) == "The provider failed (Boom)."


def test_a_raw_body_is_never_quoted():
    for status in (400, 401, 404, 429, 500):
        assert "secret" not in repr(failure_of("Traceback: secret", status).detail)


def test_the_wait_that_a_provider_asks_for_is_kept():
    assert failure_of(error(), 429, 12.0).retry_after == 12.0
    assert failure_of(error(), 503, 3.5).retry_after == 3.5
    assert failure_of(error(), 429).retry_after is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "86400"}, 86_400.0),
        ({"retry-after-ms": "86400000"}, 86_400.0),
        ({"retry-after": "1e300"}, LONGEST_WAIT),
        ({"retry-after": "9" * 64}, LONGEST_WAIT),
        ({"retry-after": "9" * 10_000}, None),
        ({"retry-after-ms": "inf", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "9" * 10_000, "retry-after": "9"}, 9.0),
        ({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_WAIT),
        ({"retry-after": "Mon, 32 Jan 2001 00:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_seconds_to_wait(headers, expected):
    assert seconds_to_wait(headers) == expected


def test_a_date_to_wait_for():
    in_a_minute = email.utils.formatdate(time.time() + 60, usegmt=True)

    assert 30 < (seconds_to_wait({"retry-after": in_a_minute}) or 0) <= 60


def test_a_date_without_a_zone_is_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    in_a_minute = time.strftime("%a, %d %b %Y %H:%M:%S -0000", time.gmtime(time.time() + 60))

    assert 50 < (seconds_to_wait({"retry-after": in_a_minute}) or 0) <= 60
    monkeypatch.undo()
    time.tzset()


def connection_error(cause):
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


EXCEPTIONS = {
    "refused": (connection_error(httpx2.ConnectError("refused")), errors.Unreachable),
    "no cause": (openai.APIConnectionError(request=REQUEST), errors.Unreachable),
    "connect timeout": (connection_error(httpx2.ConnectTimeout("x")), errors.NoConnection),
    "read timeout": (httpx2.ReadTimeout("x"), errors.TimedOut),
    "SDK timeout": (openai.APITimeoutError(request=REQUEST), errors.TimedOut),
    "reset": (httpx2.ReadError("reset"), errors.ConnectionLost),
    "incomplete": (httpx2.RemoteProtocolError("incomplete"), errors.ConnectionLost),
    "bad address": (httpx2.InvalidURL("x"), errors.Unreachable),
    "TLS": (ssl.SSLError("certificate verify failed"), errors.Unreachable),
    "socket": (ConnectionResetError("x"), errors.ConnectionLost),
    "encoding": (httpx2.DecodingError("x"), errors.ServerFailed),
    "odd": (openai.APIError("x", REQUEST, body=None), errors.ServerFailed),
}


@pytest.mark.parametrize(("exception", "expected"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_exception(exception, expected):
    assert type(failure_from(exception)) is expected


def test_a_fault_of_our_own_is_not_disguised():
    assert failure_from(KeyError("x")) is None


def test_no_connection_names_its_limit(settings):
    settings.UPSTREAM_CONNECT_SECONDS = 10
    failure = failure_from(connection_error(httpx2.ConnectTimeout("x")))

    assert str(failure) == "No connection within 10 s."


QUOTES = {
    "own key": (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: [key]."),
    "own key, often": (f"{KEY} and {KEY}", "[key] and [key]"),
    "password of the address": ("user pass@word-123!", "user [key]!"),
    "password as written": ("http://someone:pass%40word-123@test", "http://someone:[key]@test"),
    "somebody's key": ("use sk-proj-abcDEF123456 instead", "use [key] instead"),
    "masked key": ("provided: sk-abc***************wxyz.", "provided: [key]."),
    "bearer": ("Authorization: Bearer abc.def-ghi", "Authorization: [key]"),
    "named": ("api_key=0123456789abcdef0123", "api_key=[key]"),
    "named with words": ("API key provided: 0123456789abcdef0123", "API key provided: [key]"),
    "token of the web": ("got eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJ", "got [key]"),
    "harmless": (
        "This model's maximum context length is 8192 tokens, your messages took 9001 tokens.",
        "This model's maximum context length is 8192 tokens, your messages took 9001 tokens.",
    ),
    "several lines": ("one\r\ntwo\x00\u2028three", "one two\ufffd three"),
}


@pytest.mark.parametrize(("text", "expected"), QUOTES.values(), ids=QUOTES)
def test_quotable(text, expected):
    assert quotable(text) == expected


def test_a_quote_is_bounded_after_its_keys_are_gone():
    quote = quotable("x" * (MAX_QUOTE_LENGTH - 10) + KEY)

    assert len(quote) <= MAX_QUOTE_LENGTH
    assert KEY[:5] not in quote


def test_a_stand_in_for_a_key_does_not_garble_the_text(settings):
    settings.OPENAI_API_KEY = "e"

    assert quotable("everything else") == "everything else"


@pytest.mark.parametrize("text", ["x" * 1_000_000, "key " * 50_000, "-" * 100_000, "sk-" * 9_999])
def test_quoting_is_quick(text):
    began = time.thread_time()
    quotable(text)

    assert time.thread_time() - began < 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_no_error_holds_the_key(status):
    failure = failure_of(error(f"Key {KEY} is bad", code=KEY, kind=KEY), status)

    assert KEY not in f"{failure!r} {failure} {failure.detail} {failure.args}"
