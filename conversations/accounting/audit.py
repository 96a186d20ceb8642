"""Every total against the ledger: what does not add up, in words.

The ledger is read once, in one snapshot of the database, so a site may run meanwhile.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import F, Sum

from conversations.models import (
    Completion,
    Conversation,
    DayUsage,
    Period,
    Reservation,
    Spending,
)

from .accounts import Account, account_for
from .booking import figures_of
from .pricing import NOTHING, Rates, cost, usage_of

ROWS_AT_ONCE = 2_000
SUMS = ("prompt_tokens", "completion_tokens", "cost", "calls", "calls_of_unknown_cost")
Key = tuple[Any, ...]
# A sum of amounts in USD and of counts, by name.
Sums = dict[str, Any]


def audit() -> list[str]:
    """What does not add up; nothing is a ledger that is clean."""
    with _snapshot():
        ledger = _Ledger.read()
        return [
            *ledger.wrong,
            *_conversations(ledger),
            *_days(ledger),
            *_spending(ledger),
            *_reservations(),
        ]


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database, however long it is read, and nobody waits for us meanwhile."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Django's own transactions here are to write, and hold up everybody else's.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            # It locks nothing, and adds up a million calls for longer than others may pause.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield


@dataclass
class _Ledger:
    """What the totals should be, by what they are of."""

    wrong: list[str] = field(default_factory=list)
    conversations: defaultdict[Key, Sums] = field(default_factory=lambda: defaultdict(Counter))
    days: defaultdict[Key, Sums] = field(default_factory=lambda: defaultdict(Counter))
    spent: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reserved: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @classmethod
    def read(cls) -> _Ledger:
        ledger = cls()
        ended = Completion.objects.filter(ended_at__isnull=False).order_by("pk")
        for call in ended.defer("context", "parameters").iterator(ROWS_AT_ONCE):
            ledger._add(call)
        for held in Reservation.objects.all():
            for key in _keys(account_for(held)):
                ledger.reserved[key] += held.amount
        return ledger

    def _add(self, call: Completion) -> None:
        self.wrong += _priced_wrongly(call)
        figures: Sums = {**figures_of(call), "cost": call.cost or NOTHING}
        for totals, key in (
            (self.conversations, (call.conversation_id,)),
            (self.days, (call.day, call.user_id, call.model, call.purpose)),
        ):
            for name, amount in figures.items():
                totals[key][name] += amount
        for key in _keys(account_for(call)):
            self.spent[key] += call.cost or NOTHING


def _keys(account: Account) -> Iterator[Key]:
    """The rows of spending that an account counts in: person, group, period, first day."""
    subjects: list[tuple[int | None, int | None]] = [(None, None)]
    subjects += [(account.user_id, None)] if account.user_id is not None else []
    subjects += [(None, group) for group in account.groups]
    for period in Period:
        for subject in subjects:
            yield (*subject, str(period), period.begin(account.day))


def _priced_wrongly(call: Completion) -> list[str]:
    """A cost that its own row's tokens and prices do not make."""
    prices = (call.price_input, call.price_cached_input, call.price_cache_write, call.price_output)
    usage = usage_of(call)
    # Without prices nobody knows it, unless nothing was taken.
    should = None if usage.total else NOTHING
    if None not in prices:
        should = cost(usage, Rates(*prices))
    return [] if call.cost == should else [f"call {call.pk} costs {call.cost}, not {should}"]


def _conversations(ledger: _Ledger) -> Iterator[str]:
    for conversation in Conversation.objects.order_by("pk").only(*SUMS).iterator(ROWS_AT_ONCE):
        should = ledger.conversations.get((conversation.pk,), Counter())
        there = {name: getattr(conversation, name) for name in SUMS}
        yield from _differences(f"conversation {conversation.pk}", there, should)


def _days(ledger: _Ledger) -> Iterator[str]:
    names = [*figures_of(Completion()), "cost"]
    rows = DayUsage.objects.order_by().values("day", "user_id", "model", "purpose")
    # Of people who were deleted there may be several rows.
    summed = rows.annotate(**{f"all_{name}": Sum(name) for name in names})
    there = {
        (row["day"], row["user_id"], row["model"], row["purpose"]): {
            name: row[f"all_{name}"] for name in names
        }
        for row in summed
    }
    for key in {**there, **ledger.days}:
        words = "usage of day {}, user {}, {}, {}".format(*key)
        should = ledger.days.get(key, Counter())
        yield from _differences(words, there.get(key, dict.fromkeys(names, 0)), should)


def _spending(ledger: _Ledger) -> Iterator[str]:
    there: dict[Key, Spending] = {
        (row.user_id, row.group_id, row.period, row.begins): row
        for row in Spending.objects.all().iterator(ROWS_AT_ONCE)
    }
    people = {None, *User.objects.values_list("pk", flat=True)}
    groups = {None, *Group.objects.values_list("pk", flat=True)}
    for key in {**there, **ledger.spent, **ledger.reserved}:
        # Somebody who was deleted has taken these rows along.
        if key not in there and (key[0] not in people or key[1] not in groups):
            continue
        row = there.get(key) or Spending()
        words = "spending of user {}, group {}, {} {}".format(*key)
        should = {"spent": ledger.spent.get(key, NOTHING)}
        should["reserved"] = ledger.reserved.get(key, NOTHING)
        yield from _differences(words, {"spent": row.spent, "reserved": row.reserved}, should)


def _reservations() -> Iterator[str]:
    """What a call says that it holds back is held back, as long as it is open."""
    open_calls = Completion.objects.open().exclude(reserved=None).order_by("pk")
    wrong = open_calls.exclude(reservation__amount=F("reserved"))
    for call, reserved in wrong.values_list("pk", "reserved"):
        yield f"call {call} is open and does not hold back its {reserved}"


def _differences(what: str, there: Mapping[str, Any], should: Mapping[str, Any]) -> Iterator[str]:
    for name, amount in there.items():
        if amount != should.get(name, 0):
            yield f"{what}: {name} is {amount}, should be {should.get(name, 0)}"
