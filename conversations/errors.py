"""What can go wrong, and what it means for the person.

    ChatError
    ├── Refusal                  nothing was stored; the draft stays with the person
    │   ├── InvalidInput         422
    │   ├── DoesNotFit           422  the prompt exceeds the model's window
    │   │   └── TooLong          422  and nothing may be left out
    │   ├── JsonNotMentioned     422  JSON mode, and no message says so
    │   ├── ThreadMoved          409  this conversation went on elsewhere
    │   ├── AnswerRunning        409  one answer at a time
    │   └── TooBusy              429  this process runs as many answers as it may
    └── UpstreamError            a call that began and did not end well
        ├── AuthenticationFailed the site's key was not accepted
        ├── BadRequest           the request was not accepted
        │   └── ContextLengthExceeded
        ├── RateLimited          (retryable)
        ├── QuotaSpent           the site's own account has no money left
        ├── TimedOut             no first token, silence, too long  (retryable)
        │   └── NoConnection     not even a connection in time
        ├── Unreachable          no connection  (retryable)
        │   └── ConnectionLost   it broke later
        ├── ServerFailed         5xx, or an answer that is not the API's  (retryable)
        ├── CutOff               the stream ended without a finish reason  (retryable)
        └── Unexpected           a fault of our own; the log has it

`code` is what the ledger stores; `words_for` turns it back into words, so that a page
loaded next week says the same as the page that saw it happen.
"""

from typing import ClassVar


class ChatError(Exception):
    """Something a person is told about."""

    code: ClassVar[str] = "error"
    words: ClassVar[str] = "Something went wrong."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.words)
        self.detail = detail

    def __str__(self) -> str:
        return words_for(self.code, self.detail)


class Refusal(ChatError):
    """Refused at the door: nothing was stored and nothing was sent."""

    status: ClassVar[int] = 422


class InvalidInput(Refusal):
    code = "invalid"
    words = "{detail}"


class DoesNotFit(Refusal):
    code = "does_not_fit"
    words = "{detail}"


class TooLong(DoesNotFit):
    code = "too_long"


class JsonNotMentioned(Refusal):
    code = "json_not_mentioned"
    words = (
        "The provider wants the word JSON in a message when it is to answer in JSON. Say what you"
        " expect, as in “Answer in JSON”, here or in the system message."
    )


class ThreadMoved(Refusal):
    code = "thread_moved"
    status = 409
    words = "This chat continued elsewhere."


class AnswerRunning(Refusal):
    code = "answer_running"
    status = 409
    words = "Another answer is still being written in this chat."


class TooBusy(Refusal):
    code = "too_busy"
    status = 429
    words = "The site is answering as many messages as it can. Try again in a moment."


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


class Unexpected(UpstreamError):
    code = "unexpected"
    words = "Something went wrong on this site. Whoever runs it finds the cause in the log."


def _known(error: type[ChatError]) -> dict[str, type[ChatError]]:
    return {error.code: error} | {
        code: known for child in error.__subclasses__() for code, known in _known(child).items()
    }


def is_refusal(code: str) -> bool:
    """Whether nothing was sent at all."""
    return code in _known(Refusal)


def words_for(code: str, detail: str = "") -> str:
    """The sentence for a stored error code; an unknown code gets the general sentence."""
    error = _known(ChatError).get(code, ChatError)
    return error.words.format(detail=detail)
