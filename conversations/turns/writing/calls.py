"""A call in the ledger: opened before it is made, settled once with what it took."""

import logging
import uuid
from dataclasses import dataclass, replace

from django.db.models.functions import Now

from conversations import accounting
from conversations.accounting import Account
from conversations.models import Completion, Conversation, Message, Purpose
from conversations.tokens import Usage
from conversations.upstream import Stream

from ..drafting.draft import Draft
from . import chronicle

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CallFacts:
    """What is known of a call when it ends. Times in milliseconds."""

    usage: Usage | None = None
    # Whether the provider may have begun to work on it, and so may charge for it.
    is_charged: bool = True
    upstream_id: str = ""
    upstream_model: str = ""
    upstream_created: int | None = None
    fingerprint: str = ""
    finish_reason: str = ""
    first_token_ms: int | None = None
    duration_ms: int | None = None
    error: str = ""
    error_detail: str = ""


def with_stream(facts: CallFacts, stream: Stream) -> CallFacts:
    """With what the API said of itself and of what it took."""
    return replace(
        facts,
        usage=stream.usage,
        upstream_id=stream.id,
        upstream_model=stream.model,
        upstream_created=stream.created,
        fingerprint=stream.fingerprint,
        finish_reason=stream.finish_reason,
    )


def open_call(
    draft: Draft,
    conversation: Conversation,
    account: Account,
    *,
    purpose: Purpose = Purpose.ANSWER,
    answer: Message | None = None,
    note: str = "",
) -> Completion:
    body = draft.request.body()
    return Completion.objects.create(
        message=answer,
        conversation=conversation,
        user_id=conversation.owner_id,
        purpose=purpose,
        day=account.day,
        groups=list(account.groups),
        model=draft.request.model,
        parameters={name: value for name, value in body.items() if name != "messages"},
        context=draft.context.record(),
        context_sha256=draft.context.sha256(),
        strategy=draft.context.strategy,
        context_note=" ".join(filter(None, (note, draft.context.note)))[:300],
        text_begin=len(answer.text) if answer else 0,
        reasoning_begin=len(answer.reasoning) if answer else 0,
        estimated_prompt_tokens=draft.context.tokens,
        reserved=draft.worst_case,
    )


def open_call_of(answer: uuid.UUID) -> Completion | None:
    return Completion.objects.open().filter(message_id=answer).first()


def note_usage(answer: uuid.UUID, usage: Usage) -> None:
    """What the API tells of a call under way: where its process is killed, that still counts."""
    call = Completion.objects.open().filter(message_id=answer)
    call.update(is_estimated=False, **_figures(usage))


def _told(call: Completion) -> Usage | None:
    return None if call.is_estimated else accounting.usage_of(call)


def settle(call: Completion, facts: CallFacts, tokens: int, reasoning_tokens: int) -> None:
    """Book a call: the API's figures where it gave any, else what was counted here."""
    usage = facts.usage or _told(call)
    call.is_estimated = usage is None and facts.is_charged
    if usage is None:
        usage = Usage(0, 0)
        if facts.is_charged:
            estimate = call.estimated_prompt_tokens
            usage = Usage(estimate, tokens + reasoning_tokens, reasoning=reasoning_tokens)
    _price(call, usage)
    for name in (
        "upstream_id",
        "upstream_model",
        "upstream_created",
        "fingerprint",
        "finish_reason",
        "first_token_ms",
        "duration_ms",
        "error",
        "error_detail",
    ):
        setattr(call, name, getattr(facts, name))
    call.ended_at = Now()
    call.save()
    accounting.book(call)
    chronicle.tell_call(call)


def _price(call: Completion, usage: Usage) -> None:
    for name, tokens in _figures(usage).items():
        setattr(call, name, tokens)
    if usage == Usage(0, 0):
        call.cost = accounting.NOTHING
        return
    price = accounting.price_on(call.model, call.day)
    if price is None:
        return
    at = accounting.rates(price, usage.prompt)
    cost = accounting.cost(usage, at)
    if cost > accounting.MOST_OF_A_CALL:
        log.error("call %d: $%s cannot be true; its cost is unknown", call.pk, cost)
        return
    call.price_input = at.input
    call.price_cached_input = at.cached_input
    call.price_cache_write = at.cache_write
    call.price_output = at.output
    call.cost = cost


def _figures(usage: Usage) -> dict[str, int]:
    """Its columns in the ledger."""
    return {
        "prompt_tokens": usage.prompt,
        "cached_tokens": usage.cached,
        "cache_write_tokens": usage.cache_write,
        "completion_tokens": usage.completion,
        "reasoning_tokens": usage.reasoning,
    }
