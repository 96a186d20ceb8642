"""Whose spending a call counts in, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import Group
from django.utils import timezone

from conversations.models import Completion, Period, Reservation, Spending


@dataclass(frozen=True)
class Account:
    """A person with the groups they are in, on a day of the site's calendar.

    Nobody is somebody whose account was deleted.
    """

    user_id: int | None
    groups: tuple[int, ...]
    day: date


def account_of(user_id: int, day: date | None = None) -> Account:
    """Theirs as of now; today's unless another day is named."""
    groups = Group.objects.filter(user=user_id).order_by("pk").values_list("pk", flat=True)
    return Account(user_id, tuple(groups), day or timezone.localdate())


def account_for(made: Completion | Reservation) -> Account:
    """The one that a call, or what is held back for it, counted in from its beginning."""
    return Account(made.user_id, tuple(made.groups), made.day)


def spending_of(account: Account) -> list[Spending]:
    """The rows it counts in, made where they are missing, in the order of their locks."""
    rows = Spending.objects.of(account.user_id, account.groups, account.day)
    found = list(rows)
    # A group may have been deleted since; then nobody counts for it any more.
    if len(found) < 2 * (1 + (account.user_id is not None) + len(account.groups)):
        _make(account, found)
        found = list(rows.all())
    return found


def lock(*accounts: Account) -> None:
    """The rows of all these of one person at once, in one order. Make those that are missing before: a row
    that somebody else is just making is a lock as well.
    """
    people = {account.user_id for account in accounts if account.user_id is not None}
    groups = {group for account in accounts for group in account.groups}
    days = {account.day for account in accounts}
    rows = Spending.objects.of(next(iter(people), None), groups, *days).select_for_update(
        no_key=True
    )
    list(rows.values_list("pk"))


def _make(account: Account, found: list[Spending]) -> None:
    there = {(row.user_id, row.group_id, row.period) for row in found}
    groups = Group.objects.filter(pk__in=account.groups).values_list("pk", flat=True)
    subjects: list[tuple[int | None, int | None]] = [(None, None)]
    subjects += [(account.user_id, None)] if account.user_id is not None else []
    subjects += [(None, group) for group in groups]
    Spending.objects.bulk_create(
        [
            Spending(user_id=user, group_id=group, period=period, begins=period.begin(account.day))
            for user, group in subjects
            for period in Period
            if (user, group, period) not in there
        ],
        # Somebody else may be first.
        ignore_conflicts=True,
    )
