"""How an answer ends: once, with everything that belongs to it in one transaction."""

import uuid
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Now

from conversations import accounting, rendering
from conversations.models import Completion, Conversation, Message, Status, UsdField
from conversations.tokens import Usage, count, encoding_name


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


@dataclass(frozen=True)
class Ending:
    status: Status
    text: str
    reasoning: str = ""
    call: CallFacts = field(default_factory=CallFacts)


def end_answer(answer: Message, run: uuid.UUID, ending: Ending) -> bool:
    """Write the one ending of an answer; False where this run no longer holds it.

    Rendering and counting come first: they may take long, and a transaction should not.
    """
    encoding = encoding_name(answer.model)
    html = rendering.render(ending.text)
    tokens = count(ending.text, encoding)
    reasoning_tokens = count(ending.reasoning, encoding)
    with transaction.atomic():
        ended = Message.objects.held_by(answer.pk, run).update(
            status=ending.status,
            text=ending.text,
            reasoning=ending.reasoning,
            html=html,
            html_version=rendering.RENDERER_VERSION,
            token_counts={encoding: tokens},
            ended_at=Now(),
            beat=Now(),
        )
        if not ended:
            return False
        call = Completion.objects.open().filter(message=answer).select_for_update().first()
        if call:
            _settle(call, ending.call, tokens, reasoning_tokens)
    return True


def _settle(call: Completion, facts: CallFacts, tokens: int, reasoning_tokens: int) -> None:
    """Book a call: the API's figures where it gave any, else what was counted here."""
    usage = facts.usage
    call.is_estimated = usage is None and facts.is_charged
    if usage is None:
        usage = Usage(0, 0)
        if facts.is_charged:
            estimate = call.estimated_prompt_tokens
            usage = Usage(estimate, tokens + reasoning_tokens, reasoning=reasoning_tokens)
    _book(call, usage)
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
    _move_totals(call)


def _book(call: Completion, usage: Usage) -> None:
    call.prompt_tokens = usage.prompt
    call.cached_tokens = usage.cached
    call.cache_write_tokens = usage.cache_write
    call.completion_tokens = usage.completion
    call.reasoning_tokens = usage.reasoning
    if usage == Usage(0, 0):
        call.cost = accounting.NOTHING
        return
    price = accounting.price_on(call.model, call.created_at)
    if price is None:
        return
    at = accounting.rates(price, usage.prompt)
    call.price_input = at.input
    call.price_cached_input = at.cached_input
    call.price_cache_write = at.cache_write
    call.price_output = at.output
    call.cost = accounting.cost(usage, at)


def _move_totals(call: Completion) -> None:
    if call.conversation_id is None:
        return
    Conversation.objects.filter(pk=call.conversation_id).update(
        prompt_tokens=F("prompt_tokens") + call.prompt_tokens,
        completion_tokens=F("completion_tokens") + call.completion_tokens,
        cost=F("cost") + Value(call.cost or accounting.NOTHING, output_field=UsdField()),
        calls=F("calls") + 1,
        calls_of_unknown_cost=F("calls_of_unknown_cost") + int(call.cost is None),
    )
