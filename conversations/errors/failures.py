"""How a call fails, or an answer on its way to one: by the provider, the wire or ourselves."""

from typing import ClassVar

from .words import ChatError


class UpstreamError(ChatError):
    """The provider, or the way to it, failed.

    `detail` is already bounded and redacted by whoever raises it. `retryable` says whether the
    same request may succeed later; it is never retried once text has arrived. `retry_after` is
    how many seconds the provider asked us to wait first, where it did.
    """

    retryable: ClassVar[bool] = False
    # Whether a call that ended so before any answer may have cost something all the same.
    may_be_charged: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class AuthenticationFailed(UpstreamError):
    code = "authentication"
    words = "The provider did not accept this site's API key. Tell whoever runs this site."


class BadRequest(UpstreamError):
    code = "bad_request"
    words = "The provider did not accept this request: {detail}"


class ContextLengthExceeded(BadRequest):
    """The provider's own figures, in tokens, each None where it did not tell.

    `limit` is what fits, `asked` is all that was asked for with room for the answer, `prompt` is
    the prompt's share of it. Some providers count the prompt alone against their limit.
    """

    code = "context_length"
    words = "This conversation is longer than the model can read: {detail}"

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: float | None = None,
        limit: int | None = None,
        asked: int | None = None,
        prompt: int | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.limit = limit
        self.asked = asked
        self.prompt = prompt


class RateLimited(UpstreamError):
    code = "rate_limit"
    words = "The provider is rate-limiting us. Try again in a moment."
    retryable = True


class AskedToWait(UpstreamError):
    """What is said in the end of a failure after which the provider asked us to wait for long.

    `detail` is how long, as in "24 hours".
    """

    code = "asked_to_wait"
    words = "The provider asks us to wait {detail}."


class QuotaSpent(UpstreamError):
    code = "quota"
    words = "The site's account with the provider has no credit left. Tell whoever runs this site."


class TimedOut(UpstreamError):
    """`detail` is the whole sentence: which of the four time limits ran out, in seconds."""

    code = "timeout"
    words = "{detail}"
    retryable = True
    may_be_charged = True


class NoConnection(TimedOut):
    """The first of the four: nothing has been sent yet."""

    code = "no_connection"
    may_be_charged = False


class Unreachable(UpstreamError):
    code = "connection"
    words = "The provider cannot be reached."
    retryable = True


class ConnectionLost(Unreachable):
    """It broke after the request was sent: what the provider made of it is not known."""

    code = "connection_lost"
    words = "The connection to the provider broke."
    may_be_charged = True


class ServerFailed(UpstreamError):
    """`detail` is the status code or a few words."""

    code = "server"
    words = "The provider failed ({detail})."
    retryable = True


class CutOff(UpstreamError):
    code = "cut_off"
    words = "The answer broke off."
    retryable = True
    may_be_charged = True


class QueueTimedOut(UpstreamError):
    """`detail` is how long it waited."""

    code = "queue_time"
    words = "This message stood in line for {detail} without a turn, so it was given up."


class NeverBegun(UpstreamError):
    code = "never_begun"
    words = (
        "This site broke down each time it was about to send this message, so it was given up."
        " Whoever runs it finds more in the log."
    )


class Unexpected(UpstreamError):
    code = "unexpected"
    words = "Something went wrong on this site. Whoever runs it finds the cause in the log."
