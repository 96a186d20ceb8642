"""A call that has ended, moved into every total: once, in the transaction that ends it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Value

from conversations.models import Completion, Conversation, DayUsage, UsdField

from .accounts import account_for
from .alerts import note_spent
from .pricing import NOTHING
from .reserving import settle


def book(call: Completion) -> None:
    """Move the totals of its conversation, of its person's day, and what budgets are held by."""
    with transaction.atomic():
        _move_conversation(call)
        settle(call, call.cost or NOTHING)
        _move_day(call)
        if call.cost:
            # What it has to say can wait until nobody waits for the rows that were moved.
            account = account_for(call)
            transaction.on_commit(lambda: note_spent(account), robust=True)


def _move_conversation(call: Completion) -> None:
    if call.conversation_id is None:
        return
    Conversation.objects.filter(pk=call.conversation_id).update(
        prompt_tokens=F("prompt_tokens") + call.prompt_tokens,
        completion_tokens=F("completion_tokens") + call.completion_tokens,
        cost=F("cost") + Value(call.cost or NOTHING, output_field=UsdField()),
        calls=F("calls") + 1,
        calls_of_unknown_cost=F("calls_of_unknown_cost") + int(call.cost is None),
    )


def _move_day(call: Completion) -> None:
    row = {
        "day": call.day,
        "user_id": call.user_id,
        "model": call.model,
        "purpose": call.purpose,
    }
    more = {name: F(name) + amount for name, amount in figures_of(call).items()}
    more["cost"] = F("cost") + Value(call.cost or NOTHING, output_field=UsdField())
    if call.user_id is None:
        # Of those without a name there may be several.
        row = {"pk": DayUsage.objects.filter(**row).values_list("pk", flat=True).first() or 0}
    if DayUsage.objects.filter(**row).update(**more):
        return
    begun = DayUsage(day=call.day, user_id=call.user_id, model=call.model, purpose=call.purpose)
    # Somebody else may be first.
    DayUsage.objects.bulk_create([begun], ignore_conflicts=True)
    if call.user_id is None:
        row = {"pk": _newest_without_name(call)}
    DayUsage.objects.filter(**row).update(**more)


def _newest_without_name(call: Completion) -> int:
    found = DayUsage.objects.filter(day=call.day, user=None, model=call.model, purpose=call.purpose)
    return found.order_by("pk").values_list("pk", flat=True)[0]


def figures_of(call: Completion) -> dict[str, int]:
    """What one call adds to its day's row, besides its cost."""
    is_told = not call.is_estimated and call.prompt_tokens > 0
    return {
        "calls": 1,
        "failed_calls": int(bool(call.error)),
        "estimated_calls": int(call.is_estimated),
        "calls_of_unknown_cost": int(call.cost is None),
        "prompt_tokens": call.prompt_tokens,
        "cached_tokens": call.cached_tokens,
        "cache_write_tokens": call.cache_write_tokens,
        "completion_tokens": call.completion_tokens,
        "reasoning_tokens": call.reasoning_tokens,
        "told_estimates": call.estimated_prompt_tokens if is_told else 0,
        "told_prompt_tokens": call.prompt_tokens if is_told else 0,
    }
