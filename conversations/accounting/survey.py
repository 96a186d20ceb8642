"""How far all budgets are used up now, for whoever sets them: few queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable, ExpressionWrapper
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import Budget, BudgetOverride, Period, Scope, Spending, UsdField

from .budgets import Meter, key_of


@dataclass(frozen=True)
class Crowd:
    """Of a budget for each person: those who spent anything, are near its end, have used it up."""

    people: int
    near: int
    reached: int


def meters_now(budgets: Sequence[Budget]) -> dict[int, Meter]:
    """By budget, of today; those of each person have one meter a person, and none here."""
    today = timezone.localdate()
    shared = [budget for budget in budgets if budget.scope != Scope.EACH]
    if not shared:
        return {}
    rows = {key_of(row): row for row in _spending(shared, today)}
    more = _added(shared, today)
    meters = {}
    for budget in shared:
        row = rows.get((budget.person_id, budget.group_id, budget.period)) or Spending()
        begins = Period(budget.period).begin(today)
        limit = budget.limit + more[budget.pk]
        meters[budget.pk] = Meter(budget, limit, row.spent, row.reserved, begins)
    return meters


def _spending(budgets: Iterable[Budget], today: date) -> QuerySet[Spending]:
    whose = Q(user=None, group=None)
    whose |= Q(user__in=[budget.person_id for budget in budgets if budget.person_id])
    whose |= Q(group__in=[budget.group_id for budget in budgets if budget.group_id])
    return Spending.objects.filter(whose, _now(today))


def _now(today: date, prefix: str = "") -> Q:
    """Of the periods that this day is in."""
    return Q(
        *[Q(**{f"{prefix}period": period, "begins": period.begin(today)}) for period in Period],
        _connector=Q.OR,
    )


def _added(budgets: Iterable[Budget], today: date) -> dict[int, Decimal]:
    made = BudgetOverride.objects.filter(_now(today, "budget__"), budget__in=list(budgets))
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for budget, amount in made.values_list("budget_id", "amount"):
        if budget is not None:
            sums[budget] += amount
    return sums


# --- each person ------------------------------------------------------------------------------


def crowd_of(budget: Budget) -> Crowd:
    rows = people_of(budget)
    return Crowd(
        **rows.order_by().aggregate(
            people=Count("pk"),
            near=Count("pk", filter=Q(near_from__lte=F("spent"), limit__gt=F("spent"))),
            reached=Count("pk", filter=Q(limit__lte=F("spent"))),
        )
    )


def people_of(budget: Budget) -> QuerySet[Spending]:
    """Their spending in the period that runs, the most first; without those who have a budget of
    their own. `limit` is with what was added for them, and from `near_from` on they are warned.
    """
    begins = Period(budget.period).begin(timezone.localdate())
    own = Budget.objects.filter(scope=Scope.PERSON, period=budget.period, person=OuterRef("user"))
    added = BudgetOverride.objects.filter(budget=budget, begins=begins, person=OuterRef("user"))
    of_person = added.order_by().values("person").annotate(all=Sum("amount")).values("all")
    limit = Value(budget.limit, UsdField()) + Coalesce(Subquery(of_person), Value(0, UsdField()))
    rows = Spending.objects.filter(user__isnull=False, period=budget.period, begins=begins)
    rows = rows.alias(own=Subquery(own.values("pk"))).filter(own=None)
    return rows.annotate(
        limit=_usd(limit), near_from=_usd(F("limit") - _usd(F("limit") / 5))
    ).order_by("-spent", "user__username")


def _usd(expression: Combinable) -> ExpressionWrapper[Combinable]:
    return ExpressionWrapper(expression, output_field=UsdField())


def meter_of(budget: Budget, row: Spending, limit: Decimal) -> Meter:
    """One person's, of a row of `people_of`."""
    return Meter(budget, limit, row.spent, row.reserved, row.begins)
