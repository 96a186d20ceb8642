"""What is refused at the door: a draft that cannot be sent as it is, or not now."""

from decimal import Decimal
from typing import ClassVar

from .words import ChatError, by_code


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


class TooManyWaiting(Refusal):
    code = "too_many_waiting"
    status = 429
    words = "Too many of your messages are waiting already. Send this one when some are answered."


class TooSoon(Refusal):
    """`retry_after` is how many seconds are left."""

    code = "too_soon"
    status = 429
    words = "You can send again in {detail} s."

    def __init__(self, retry_after: int) -> None:
        super().__init__(str(retry_after))
        self.retry_after = retry_after


class OverBudget(Refusal):
    """The worst case does not fit into a budget; `detail` are the words.

    `left` is what may still be spent, in USD; `resets` says when there is more, for the words of a
    message of which nothing fits. `fits` is how many tokens an answer may have so that it does;
    None where it may have none.
    """

    code = "over_budget"
    status = 402
    words = "{detail}"

    def __init__(
        self,
        detail: str = "",
        *,
        left: Decimal = Decimal(0),
        resets: str = "",
        fits: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.left = left
        self.resets = resets
        self.fits = fits


class CostUnknown(Refusal):
    code = "cost_unknown"
    status = 402
    words = (
        "What this model costs is not known, and a budget holds here. Choose another model, or ask"
        " whoever runs this site to enter its price."
    )


def is_refusal(code: str) -> bool:
    """Whether nothing was sent at all."""
    return code in by_code(Refusal)
