"""One line of the log for every turn that ends and every call beside the turns, and their figures.

Who, which, how it ended, what it took: never what was said, by whom ever. A provider's words may
quote a person's, so its reason is one of those known here, and its complaint is told by our code
for it; its words stand in the ledger.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Length

from conversations import metrics
from conversations.models import Completion, Message, Origin, Purpose, Status
from conversations.text import one_line

log = logging.getLogger(__name__)

FINISH_REASONS = {"", "stop", "length", "content_filter", "tool_calls", "function_call"}
OTHER = "other"
BAD_ENDINGS = (Status.FAILED, Status.INTERRUPTED)
# What the clocks of the database and of this machine may differ by.
SKEW = timedelta(seconds=1)
MODEL_SHOWN = 100  # characters of a model's name

Fields = dict[str, object]


def tell_turn(answer: uuid.UUID) -> None:
    """Once the ending that is being written is stored."""
    # Not partial: Django asks for the name of what it calls.
    transaction.on_commit(lambda: _turn_ended(answer), robust=True)


def tell_call(call: Completion) -> None:
    """Once the call that is being settled is stored."""
    transaction.on_commit(lambda: _call_ended(call), robust=True)


def _turn_ended(answer_id: uuid.UUID) -> None:
    answer = (
        Message.objects.filter(pk=answer_id)
        .annotate(characters=Length("text"))
        .defer("text", "html", "reasoning")
        .get()
    )
    since = answer.queued_at or answer.created_at
    calls = _calls_of(answer, since)
    failure = "" if calls else answer.failure
    seconds = _seconds(since, answer.ended_at)
    metrics.turn_ended(answer.status, seconds, failure)
    began = calls[0].created_at if calls else answer.ended_at
    fields = {
        "user": answer.owner_id,
        "conversation": str(answer.conversation_id),
        "answer": str(answer.pk),
        "purpose": "fresh_start" if answer.origin == Origin.SUMMARY else "answer",
        "model": one_line(answer.model, MODEL_SHOWN),
        "status": str(answer.status),
        **_figures(calls),
        "error": (calls[-1].error if calls else "") or answer.failure,
        "in_line_s": _seconds(since, began),
        "seconds": seconds,
        "characters": answer.characters,  # type: ignore[attr-defined] # annotated
    }
    level = logging.WARNING if answer.status in BAD_ENDINGS else logging.INFO
    log.log(level, "turn ended", extra={"fields": fields})


def _calls_of(answer: Message, since: datetime) -> Sequence[Completion]:
    """Of this turn, oldest first: an answer that was continued has older ones."""
    rows = Completion.objects.filter(message=answer, created_at__gte=since - SKEW)
    calls = list(rows.defer("context", "parameters").order_by("pk"))
    return [call for call in calls if call.text_begin == calls[-1].text_begin]


def _call_ended(call: Completion) -> None:
    tokens = {
        "prompt": call.prompt_tokens,
        "cached": call.cached_tokens,
        "cache_write": call.cache_write_tokens,
        "completion": call.completion_tokens,
        "reasoning": call.reasoning_tokens,
    }
    model = one_line(call.model, MODEL_SHOWN)
    metrics.call_ended(call.purpose, model, tokens, call.cost, call.first_token_ms, call.error)
    if call.purpose == Purpose.ANSWER:
        return
    fields = {
        "user": call.user_id,
        "conversation": str(call.conversation_id or ""),
        "call": call.pk,
        "purpose": str(call.purpose),
        "model": model,
        **_figures([call]),
        "error": call.error,
    }
    log.info("call ended", extra={"fields": fields})


def _figures(calls: Sequence[Completion]) -> Fields:
    """What some calls took together, and how the last one went."""
    last = calls[-1] if calls else Completion()
    costs = [call.cost for call in calls]
    is_known = None not in costs
    return {
        "finish": last.finish_reason if last.finish_reason in FINISH_REASONS else OTHER,
        "attempts": len(calls),
        "prompt_tokens": sum(call.prompt_tokens for call in calls),
        "cached_tokens": sum(call.cached_tokens for call in calls),
        "completion_tokens": sum(call.completion_tokens for call in calls),
        "reasoning_tokens": sum(call.reasoning_tokens for call in calls),
        "cost_usd": _exact(sum(filter(None, costs), Decimal())) if is_known else "unknown",
        "usage": "estimated" if any(call.is_estimated for call in calls) else "actual",
        "first_token_ms": last.first_token_ms,
        "duration_ms": last.duration_ms,
    }


def _exact(usd: Decimal) -> str:
    written = f"{usd:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _seconds(begin: datetime, end: datetime | None) -> float | None:
    return None if end is None else round(max((end - begin).total_seconds(), 0.0), 3)
