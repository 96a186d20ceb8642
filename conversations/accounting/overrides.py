"""More of a budget for the period that runs now, by whom and why."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils import timezone

from conversations.models import Budget, BudgetOverride, Period
from conversations.text import one_line


def allow_more(
    budget: Budget, amount: Decimal, *, reason: str, by: User, person: User | None = None
) -> BudgetOverride:
    """So many USD more until it resets; for this person, where it is a budget of each person."""
    return BudgetOverride.objects.create(
        budget=budget,
        budget_words=one_line(str(budget), 200),
        person=person,
        person_name=person.get_username() if person else "",
        begins=Period(budget.period).begin(timezone.localdate()),
        amount=amount,
        reason=one_line(reason, 300),
        made_by=by,
        made_by_name=by.get_username(),
    )


def allowed_now(budget: Budget, person: User | None = None) -> Decimal:
    """USD that were added already, until it resets."""
    begins = Period(budget.period).begin(timezone.localdate())
    made = BudgetOverride.objects.filter(budget=budget, begins=begins, person=person)
    added: Decimal | None = made.aggregate(all=Sum("amount"))["all"]
    return added or Decimal(0)
