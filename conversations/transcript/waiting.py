"""Why an answer is not written yet, in words, and what there is to do about it."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from conversations.errors import words_for
from conversations.line import Reason, Wait
from conversations.text import duration, ordinal

CANCEL = "Cancel"
STOP = "Stop"

# Of errors whose own words are those of an ending: what fits while it is tried again.
_AGAIN = {
    "rate_limit": "The provider is rate-limiting us.",
    "timeout": "The provider did not answer in time.",
    "no_connection": "The provider cannot be reached.",
    "cut_off": "The provider broke off before it began to answer.",
}


@dataclass(frozen=True)
class Waiting:
    """`words` are whole sentences; where they say in how many `seconds`, the page counts down.

    `kind` is what a new wait differs in from the one before it; `seconds` are left as it is shown.
    """

    kind: str
    words: str
    way_out: str = CANCEL
    can_try_now: bool = False
    seconds: int | None = None


def waiting_of(wait: Wait, detail: str = "", now: datetime | None = None) -> Waiting:
    """`detail` is what the ledger has of the call that failed."""
    left = _seconds_until(wait.until, now or timezone.now())
    match wait.reason:
        case Reason.RETRY:
            words = f"{_failure(wait.code, detail)} {_trying_again(left)}"
            return Waiting(f"retry {wait.code}", words, STOP, can_try_now=True, seconds=left)
        case Reason.CIRCUIT if left is None:
            words = "The provider keeps failing. One message is trying it now."
            return Waiting("circuit", words)
        case Reason.CIRCUIT:
            words = f"The provider keeps failing. {_trying_again(left)}"
            return Waiting("circuit", words, can_try_now=True, seconds=left)
        case Reason.PROVIDER_LIMIT:
            words = f"The provider's limit for this model is reached. Going on {soon(left)}."
            return Waiting("provider limit", words, seconds=left)
        case _:
            place = f", {ordinal(wait.place)} in line" if wait.place else ""
            return Waiting("line", f"Queued{place}.")


def soon(seconds: int | None) -> str:
    """in 12 s; never less than nothing."""
    return f"in {duration(seconds)}" if seconds else "any moment now"


def _trying_again(seconds: int | None) -> str:
    return f"Trying again {soon(seconds)}."


def _failure(code: str, detail: str) -> str:
    # A detail that is not known must not leave empty brackets.
    if code == "server" and not detail:
        return "The provider failed."
    return _AGAIN.get(code) or words_for(code, detail)


def _seconds_until(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, math.ceil((moment - now).total_seconds()))
