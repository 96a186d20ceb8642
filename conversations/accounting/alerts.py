"""What staff should know of budgets and of unusual use: noted once, as soon as it is so.

An alert is made of what the totals say and not of what has just happened, so one that a crash
swallowed is noted with the next call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User

from conversations.models import Alert, AlertKind, Period, Scope, Spending
from conversations.text import one_line, usd

from .accounts import Account, spending_of
from .budgets import Meter, key_of, key_of_budget, meters_of

UNUSUAL_LEAST = Decimal(1)  # USD; a day that cost less is never unusual
USUAL_DAYS = 30  # days on which they spent anything; the mean of the last ones is a person's usual
KNOWN_DAYS = 5  # such days before a person has a usual
NAME_SHOWN = 60  # characters of a person's or a group's name


def note_spent(account: Account) -> None:
    """After a call was booked: whether a budget is near its end, or somebody's day unusual."""
    rows = list(Spending.objects.of(account.user_id, account.groups, account.day))
    by_key = {key_of(row): row for row in rows}
    due = [
        _of_budget(meter, by_key[key_of_budget(meter.budget, account)], account)
        for meter in meters_of(account, rows)
        if meter.spent and meter.is_near
    ]
    _note([*due, *_of_unusual_use(account, rows)])


def note_refused(account: Account) -> None:
    """After a refusal with nothing that would have fitted: for whom it is refused, the budget is as
    good as used up, though it may never be spent to the last cent.

    Where most of a budget is free, or only held back for a moment, that says more of the message.
    """
    meters = meters_of(account)
    if not meters:
        return
    meter = meters[0]
    if not meter.is_near and (meter.spent or meter.reserved):
        return
    by_key = {key_of(row): row for row in spending_of(account)}
    row = by_key.get(key_of_budget(meter.budget, account))
    if row is None:
        # Its person or its group has just been deleted.
        return
    alert = _of_budget(meter, row, account)
    if not meter.is_reached:
        alert.words += " What was asked for does not fit into the rest."
        alert.kind = AlertKind.TIGHT
    _note([alert])


def _of_budget(meter: Meter, row: Spending, account: Account) -> Alert:
    share = f" ({meter.percent} %)" if meter.limit else ""
    return Alert(
        kind=AlertKind.REACHED if meter.is_reached else AlertKind.NEAR,
        spending=row,
        budget=meter.budget,
        limit=meter.limit,
        spent=meter.spent,
        words=f"{_whose(meter, account)} has spent {usd(meter.spent)} of {usd(meter.limit)}"
        f" {_when(row)}{share}.",
    )


def _whose(meter: Meter, account: Account) -> str:
    if meter.budget.scope == Scope.SITE:
        return "The whole site"
    if meter.budget.group:
        return f"The group “{one_line(meter.budget.group.name, NAME_SHOWN)}”"
    return _name(account)


def _name(account: Account) -> str:
    return one_line(User.objects.get(pk=account.user_id or 0).get_username(), NAME_SHOWN)


def _when(row: Spending) -> str:
    """Not "today": it is read later as well."""
    if row.period == Period.DAY:
        return f"on {row.begins:%-d %B %Y}"
    return f"in {row.begins:%B %Y}"


def _of_unusual_use(account: Account, rows: Sequence[Spending]) -> Iterator[Alert]:
    """A person's day that costs many times what their days do."""
    factor = Decimal(str(settings.UNUSUAL_FACTOR))
    if not factor:
        return
    for row in rows:
        is_their_day = row.period == Period.DAY and row.user_id is not None
        if is_their_day and row.spent >= UNUSUAL_LEAST:
            usual = _usual(row)
            if usual and row.spent > factor * usual:
                yield Alert(
                    kind=AlertKind.UNUSUAL,
                    spending=row,
                    limit=Decimal(0),
                    spent=row.spent,
                    words=f"{_name(account)} has spent {usd(row.spent)} {_when(row)},"
                    f" {int(row.spent / usual)} times the {usd(usual)} of their usual day.",
                )


def _usual(today: Spending) -> Decimal | None:
    """USD of a day of theirs, by those before; None where there are too few to say."""
    days = Spending.objects.filter(
        user=today.user_id, period=Period.DAY, begins__lt=today.begins, spent__gt=Decimal(0)
    )
    spent = list(days.order_by("-begins").values_list("spent", flat=True)[:USUAL_DAYS])
    return sum(spent, Decimal(0)) / len(spent) if len(spent) >= KNOWN_DAYS else None


# After which nobody needs to hear of the other any more.
SAID_BY = {
    AlertKind.NEAR: (AlertKind.TIGHT, AlertKind.REACHED),
    AlertKind.TIGHT: (AlertKind.REACHED,),
}


def _said_by(alert: Alert) -> set[tuple[str, int, Decimal]]:
    later = SAID_BY.get(AlertKind(alert.kind), ())
    return {(kind, alert.spending_id, alert.limit) for kind in (alert.kind, *later)}


def _note(alerts: Sequence[Alert]) -> None:
    """Those that are new. One that is used up is not said to be near its end any more."""
    if not alerts:
        return
    of_these = Alert.objects.filter(spending__in=[alert.spending_id for alert in alerts])
    noted = set(of_these.values_list("kind", "spending", "limit"))
    # In the order in which everybody locks the rows that they are of.
    new = [
        alert
        for alert in sorted(alerts, key=lambda alert: alert.spending_id)
        if not noted & _said_by(alert)
    ]
    # Another process may have been first.
    Alert.objects.bulk_create(new, ignore_conflicts=True)
