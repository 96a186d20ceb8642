"""What there is to say about how an answer ended, and what there is to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversations.errors import (
    AskedToWait,
    ContextLengthExceeded,
    CostUnknown,
    OverBudget,
    QueueTimedOut,
    is_refusal,
    words_for,
)
from conversations.models import Completion, Message, Purpose, Status
from conversations.text import roughly

CONTINUE = "continue"
RETRY = "retry"
SETTINGS = "settings"
FRESH_START = "fresh"

# What there is to do about an error that would come again, besides trying again.
_ACTIONS = {
    "bad_request": (SETTINGS,),
    "context_length": (SETTINGS, FRESH_START),
    "does_not_fit": (SETTINGS,),
    "too_long": (SETTINGS, FRESH_START),
    "json_not_mentioned": (SETTINGS,),
    OverBudget.code: (SETTINGS,),
    CostUnknown.code: (SETTINGS,),
    "authentication": (),
}
# Refusals by which people ask themselves what it cost.
_ABOUT_MONEY = {OverBudget.code, CostUnknown.code}
TEXT_IS_KEPT = "The text is kept."


@dataclass(frozen=True)
class Notice:
    """What is said below a turn that did not simply end."""

    words: str
    is_bad: bool = False
    actions: tuple[str, ...] = (RETRY,)


def notice_of(message: Message, *, can_go_on: bool = False) -> Notice | None:
    """`can_go_on` says that nothing follows this answer, so that it may be continued."""
    if message.is_deleted:
        return None
    continued = (CONTINUE,) if can_go_on and message.text else ()
    notice = _ending(message, continued)
    if not message.format_problem:
        return notice
    problem = _sentence(message.format_problem)
    if notice is None:
        return Notice(problem)
    return replace(notice, words=f"{notice.words} {problem}")


def _ending(message: Message, continued: tuple[str, ...]) -> Notice | None:
    if message.status == Status.FAILED:
        return _failure(message, continued)
    if message.status == Status.STOPPED:
        return Notice("Stopped by you.", actions=(*continued, RETRY))
    if message.status == Status.INTERRUPTED:
        kept = f" {TEXT_IS_KEPT}" if message.text else ""
        return Notice(f"Interrupted by a server restart.{kept}", actions=(*continued, RETRY))
    if message.status == Status.COMPLETE and message.is_answer and message.call:
        return _finish(message, message.call, continued)
    return None


def _finish(message: Message, call: Completion, continued: tuple[str, ...]) -> Notice | None:
    limit = call.parameters.get("max_completion_tokens") or call.parameters.get("max_tokens")
    match call.finish_reason:
        case "length" if not message.text:
            words = f"All {limit or call.completion_tokens:,} tokens went on thinking."
            return Notice(words, actions=(RETRY, SETTINGS))
        case "length":
            words = f"Stopped at the {limit:,}-token limit." if limit else "Stopped at the limit."
            return Notice(words, actions=(*continued, RETRY, SETTINGS))
        case "content_filter" if message.text:
            return Notice("The provider's filter stopped this answer.")
        case "content_filter":
            return Notice("The provider's filter refused this message.")
        case "tool_calls" | "function_call":
            return Notice("The model asked for a tool that this chat does not have.")
    if not message.text:
        return Notice("The model answered without any text.")
    return None


def _failure(message: Message, continued: tuple[str, ...]) -> Notice:
    if message.failure:
        return _failure_in_line(message, continued)
    call = message.call
    if call is None:
        words = "This message could not be sent to the model. Nothing was charged."
        if message.copied_from_id:
            words = "This answer failed in the chat that it was copied from."
        return Notice(words, is_bad=True, actions=(RETRY, SETTINGS))
    calls = _calls_of_this_request(message)
    said = [_sentence(words_for(call.error, call.error_detail)), _tries(calls)]
    if message.text:
        said.append(TEXT_IS_KEPT)
    if not is_refusal(call.error) or call.error in _ABOUT_MONEY:
        said.append(_charge(calls))
    actions = _ACTIONS.get(call.error, ())
    return Notice(
        " ".join(filter(None, said)),
        is_bad=not message.text,
        actions=(*(() if call.error in _ACTIONS else continued), RETRY, *actions),
    )


def _failure_in_line(message: Message, continued: tuple[str, ...]) -> Notice:
    """It never came to its end, without any call or between two of them."""
    calls = _calls_of_this_request(message)
    said = [_given_up(message, bool(calls))]
    if calls:
        why = _sentence(words_for(calls[-1].error, calls[-1].error_detail))
        said = [why, _tries(calls), *said]
    said += [TEXT_IS_KEPT] if message.text else []
    said.append(_charge(calls))
    return Notice(
        " ".join(filter(None, said)), is_bad=not message.text, actions=(*continued, RETRY)
    )


def _given_up(message: Message, was_called: bool) -> str:
    since, until = message.queued_at or message.created_at, message.ended_at
    how_long = roughly((until - since).total_seconds()) if until else "too long"
    if message.failure == QueueTimedOut.code and was_called:
        return f"Given up after {how_long}."
    if message.failure == AskedToWait.code and message.not_before and until:
        how_long = roughly((message.not_before - until).total_seconds())
    return _sentence(words_for(message.failure, how_long))


def _calls_of_this_request(message: Message) -> list[Completion]:
    """Those since it was last asked for, so without the ones that it is a continuation of."""
    asked = [call for call in message.calls if call.purpose == Purpose.ANSWER]
    since = message.queued_at or message.created_at
    recent = [call for call in asked if call.created_at >= since]
    # One that failed by a call has one, whatever the clocks of two machines say.
    return recent if recent or message.failure else asked[-1:]


def _tries(calls: Sequence[Completion]) -> str:
    """A prompt that was too long was not tried again, but shortened."""
    tried = [call for call in calls if call.error != ContextLengthExceeded.code]
    return f"Tried {len(tried)} times." if len(tried) > 1 else ""


def _sentence(words: str) -> str:
    """A provider's own words often end without a stop."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _charge(calls: Sequence[Completion]) -> str:
    """Only "nothing" is worth a word: any other amount stands in the turn's footer."""
    return "Nothing was charged." if all(call.cost == 0 for call in calls) else ""
