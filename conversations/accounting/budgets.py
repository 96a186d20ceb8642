"""How much may be spent: the budgets that hold for somebody, and how far they are used up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from conversations.models import Budget, BudgetOverride, Period, Scope, Spending
from conversations.text import cents

from .accounts import Account

NEAR = Decimal("0.8")  # share of a budget from which on people are warned

# What a budget's rows of spending are found by: person, group, period; neither is the site.
Key = tuple[int | None, int | None, str]


@dataclass(frozen=True)
class Meter:
    """One budget in the period that a day is in. Amounts in USD; `limit` with what staff added."""

    budget: Budget
    limit: Decimal
    spent: Decimal
    reserved: Decimal
    begins: date

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.spent - self.reserved, Decimal(0))

    @property
    def is_near(self) -> bool:
        return self.spent >= self.limit * NEAR

    @property
    def is_reached(self) -> bool:
        return self.spent >= self.limit

    @property
    def percent(self) -> int:
        """Whole per cents of the limit that are spent: 99 is not all of it."""
        return int(100 * self.spent / self.limit) if self.limit else 100

    @property
    def state_in_words(self) -> str:
        return "used up" if self.is_reached else "near" if self.is_near else "ok"

    @property
    def is_own(self) -> bool:
        """A person's, not one that they share with others."""
        return self.budget.scope in (Scope.EACH, Scope.PERSON)

    @property
    def resets_on(self) -> date:
        return Period(self.budget.period).reset(self.begins)

    @property
    def amount_in_words(self) -> str:
        """this month's $20.00"""
        when = "today's" if self.budget.period == Period.DAY else "this month's"
        return f"{when} {cents(self.limit)}"

    @property
    def reset_in_words(self) -> str:
        return f"It resets on {self.resets_on:%-d %B}."

    @property
    def of_whom(self) -> str:
        """Of a budget that is shared."""
        return f"of your group “{self.budget.group.name}”" if self.budget.group else "of this site"

    @property
    def used_up_in_words(self) -> str:
        who = "You have" if self.is_own else "This site has"
        if self.budget.group:
            who = f"Your group “{self.budget.group.name}” has"
        return f"{who} used {self.amount_in_words}. {self.reset_in_words}"


def meters_of(account: Account, spending: Iterable[Spending] | None = None) -> list[Meter]:
    """Every budget that holds for this account, the one with the least left first; by these rows
    of spending, where they have been read.
    """
    budgets = _budgets_of(account)
    if not budgets:
        return []
    if spending is None:
        spending = Spending.objects.of(account.user_id, account.groups, account.day)
    rows = {key_of(row): row for row in spending}
    more = _overrides(budgets, account)
    meters = []
    for budget in budgets:
        row = rows.get(key_of_budget(budget, account)) or Spending()
        begins = Period(budget.period).begin(account.day)
        limit = budget.limit + more[budget.pk]
        meters.append(Meter(budget, limit, row.spent, row.reserved, begins))
    return sorted(meters, key=lambda meter: (meter.left, meter.budget.pk))


def key_of(row: Spending) -> Key:
    return row.user_id, row.group_id, row.period


def key_of_budget(budget: Budget, account: Account) -> Key:
    """The spending that a budget bounds, of this account."""
    is_own = budget.scope in (Scope.EACH, Scope.PERSON)
    return account.user_id if is_own else None, budget.group_id, budget.period


def _budgets_of(account: Account) -> list[Budget]:
    """A person's own budget takes the place of the one for each person, period by period."""
    found = list(
        Budget.objects.over(account.user_id, account.groups).select_related("person", "group")
    )
    own = {budget.period for budget in found if budget.scope == Scope.PERSON}
    return [
        budget
        for budget in found
        if budget.scope != Scope.EACH or (account.user_id is not None and budget.period not in own)
    ]


def _overrides(budgets: list[Budget], account: Account) -> dict[int, Decimal]:
    """What staff added for this period, by budget."""
    day, month = account.day, Period.MONTH.begin(account.day)
    when = Q(budget__period=Period.DAY, begins=day) | Q(budget__period=Period.MONTH, begins=month)
    for_them = ~Q(budget__scope=Scope.EACH) | Q(person=account.user_id)
    made = BudgetOverride.objects.filter(when, for_them, budget__in=budgets)
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for budget, amount in made.values_list("budget_id", "amount"):
        if budget is not None:
            sums[budget] += amount
    return sums
