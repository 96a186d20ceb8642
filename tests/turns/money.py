"""Budgets of a conversation's person, what is spent and held back, in as few words as a test needs."""

from decimal import Decimal

from asgiref.sync import sync_to_async

from conversations.models import Budget, Scope, Spending

MODEL = "gpt-4o-mini"  # $0.15 in, $0.60 out per million


@sync_to_async
def budget(conversation, limit, period="month"):
    of = {"scope": Scope.PERSON, "person": conversation.owner, "period": period}
    Budget.objects.update_or_create(**of, defaults={"limit": Decimal(limit)})


@sync_to_async
def spending(conversation):
    """USD spent and held back this month."""
    row = Spending.objects.get(user=conversation.owner, period="month")
    return row.spent, row.reserved


async def held(conversation):
    return (await spending(conversation))[1]


def worst_case(prompt_tokens, max_tokens):
    return prompt_tokens * Decimal("0.00000015") + max_tokens * Decimal("0.0000006")
