"""What a provider's refusal, or the wire's, means: one of the errors of `conversations.errors`.

The SDK's exceptions carry the request, its key and the provider's raw words. So they are turned
into errors here and never chained to them.
"""

import email.utils
import json
import math
import ssl
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC

from django.conf import settings

from conversations import errors

from .complaints import read_complaint
from .redaction import quotable

NOT_JSON = "it sent something that is not JSON"
NOT_AN_ANSWER = "it sent something that is not an answer"
WEB_PAGE = "it sent a web page instead of an answer"
TOO_LONG = "it sent more at once than can be read"
UNREADABLE = "it sent data that cannot be decoded"

QUOTA_NAMES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_balance",
    "insufficient_credits",
}
KEY_NAMES = {"invalid_api_key", "authentication_error"}

# Seconds: longer than anybody waits, and short enough to count with.
LONGEST_WAIT = 31 * 86_400.0
# Characters of a header that are looked at.
MAX_WAIT_LENGTH = 64


def failure_of(
    payload: object, status: int | None = None, retry_after: float | None = None
) -> errors.UpstreamError:
    """The error that an error payload means, with its HTTP status where there is one."""
    told = read_complaint(payload)
    status = status or told.status
    if told.names & QUOTA_NAMES or status == 402:
        return errors.QuotaSpent(told.message)
    if told.is_too_long and (status is None or status in {400, 413, 422, 500}):
        return errors.ContextLengthExceeded(
            told.message or "it gave no figures.", **asdict(told.figures)
        )
    if "model_not_found" in told.names:
        return errors.BadRequest(told.message or "it does not know this model.")
    if status in {401, 403} or told.names & KEY_NAMES:
        return errors.AuthenticationFailed(told.message)
    if status == 429:
        return errors.RateLimited(told.message, retry_after=retry_after)
    if status == 408:
        return errors.TimedOut("The provider gave up on this request (408).")
    if status is None:
        return errors.ServerFailed(told.message or "it reported an error without words")
    if 300 <= status < 400:
        return errors.BadRequest(
            f"it answered with a redirect ({status}), which this site does not follow. "
            "OPENAI_BASE_URL may be wrong."
        )
    if status == 409 or status >= 500:
        return errors.ServerFailed(str(status), retry_after=retry_after)
    return errors.BadRequest(told.message or _without_words(status))


def _without_words(status: int) -> str:
    if status == 404:
        return "there is nothing at this address (404). OPENAI_BASE_URL may be wrong."
    return f"it gave no reason ({status})."


def failure_from(exception: Exception) -> errors.UpstreamError | None:
    """The error that an exception of the SDK or of the wire means; None for any other."""
    import anyio
    import httpx2
    import openai

    if isinstance(exception, errors.UpstreamError):
        return exception
    if isinstance(exception, openai.APIStatusError):
        wait = seconds_to_wait(exception.response.headers)
        return failure_of(_payload(exception.response.text), exception.status_code, wait)
    if isinstance(exception, openai.APIConnectionError) and exception.__cause__:
        # The SDK says only "Connection error."; its cause is the one that knows.
        cause = exception.__cause__
        exception = cause if isinstance(cause, Exception) else exception
    if isinstance(exception, (httpx2.ConnectTimeout, httpx2.PoolTimeout)):
        return errors.NoConnection(f"No connection within {settings.UPSTREAM_CONNECT_SECONDS:g} s.")
    if isinstance(exception, (httpx2.TimeoutException, openai.APITimeoutError)):
        return errors.TimedOut("The provider did not answer in time.")
    if isinstance(exception, httpx2.DecodingError):
        return errors.ServerFailed(UNREADABLE)
    never_began = httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol
    never_sent = httpx2.InvalidURL | ssl.SSLError | openai.APIConnectionError
    if isinstance(exception, never_began | never_sent):
        return errors.Unreachable(quotable(f"{type(exception).__name__}: {exception}"))
    broke = httpx2.HTTPError | httpx2.StreamError | anyio.EndOfStream | OSError
    if isinstance(exception, broke):
        return errors.ConnectionLost(quotable(f"{type(exception).__name__}: {exception}"))
    if isinstance(exception, openai.APIError):
        return errors.ServerFailed(NOT_AN_ANSWER)
    return None


def _payload(body: str) -> object:
    """A body as JSON, or as the text it is. The SDK's `body` would lose what is beside "error"."""
    try:
        payload: object = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return payload


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds the provider asks us to wait; None where it does not say."""
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        if len(value) > MAX_WAIT_LENGTH:
            continue
        wait = _number(value)
        if wait is None:
            wait = _seconds_until(value)
        else:
            wait /= per_second
        if wait is not None:
            return min(max(wait, 0.0), LONGEST_WAIT)
    return None


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(value: str) -> float | None:
    """Seconds until a moment as HTTP writes it."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        # Without a zone it is in UTC, as HTTP has it.
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
