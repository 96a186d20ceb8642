"""Reserve before, settle after: the worst case of a call is held back before it is made.

Each row of spending is moved by one conditional UPDATE, in the order of the rows' keys, all in one
transaction: so however many ask at once, what is spent and held back is never past a limit.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from conversations.errors import CostUnknown, OverBudget
from conversations.models import Completion, Message, Reservation, Spending, UsdField
from conversations.text import cents

from .accounts import Account, account_for, lock, spending_of
from .budgets import Meter, key_of, key_of_budget, meters_of

log = logging.getLogger(__name__)


def check(account: Account, amount: Decimal | None) -> None:
    """Raises OverBudget or CostUnknown where this much, the worst case of a call in USD, may not
    be spent now; None is unknown. The same code that refuses to reserve it.
    """
    _check(meters_of(account), amount)


def _check(meters: list[Meter], amount: Decimal | None) -> None:
    if amount is None:
        if meters and not settings.ALLOW_UNKNOWN_PRICES:
            raise CostUnknown
        if meters and not meters[0].left:
            # Whatever it costs is too much.
            raise OverBudget(meters[0].used_up_in_words)
        return
    if meters and amount > meters[0].left:
        raise _over(meters[0], amount)


def _over(meter: Meter, amount: Decimal) -> OverBudget:
    """What others spend is nobody's to know: of a budget that is shared no amounts are told."""
    if not meter.left:
        return OverBudget(meter.used_up_in_words)
    could = f"This could cost {cents(amount, ROUND_UP)}"
    if meter.is_own:
        left = cents(meter.left, ROUND_DOWN)
        words = f"{could}; {left} of {meter.amount_in_words} is left."
    else:
        words = f"{could}, more than is left of {meter.amount_in_words} {meter.of_whom}."
    return OverBudget(words, left=meter.left, resets=meter.reset_in_words)


def reserve(
    account: Account,
    amount: Decimal | None,
    *,
    answer: Message | None = None,
    completion: Completion | None = None,
) -> None:
    """Hold back the worst case of a call, or raise as `check` does; then nothing is held back."""
    with transaction.atomic():
        rows = spending_of(account)
        meters = meters_of(account)
        _check(meters, amount)
        held = amount or Decimal(0)
        bounded = {key_of_budget(meter.budget, account): meter for meter in meters}
        for row in rows:
            _hold_in(row, held, bounded.get(key_of(row)))
        Reservation.objects.create(
            answer=answer,
            completion=completion,
            user_id=account.user_id,
            groups=list(account.groups),
            day=account.day,
            amount=held,
        )


def _hold_in(row: Spending, amount: Decimal, meter: Meter | None) -> None:
    """Raises OverBudget by the row's figures of that moment: others come in between."""
    while not _move(row, amount, meter.limit if meter else None):
        now = Spending.objects.filter(pk=row.pk).first()
        if now is None or meter is None:
            # Its person or its group has just been deleted.
            return
        meter = replace(meter, spent=now.spent, reserved=now.reserved)
        if amount > meter.left:
            raise _over(meter, amount)


def _move(row: Spending, amount: Decimal, limit: Decimal | None) -> int:
    """What costs nothing always fits, also where more was spent than a limit that was lowered."""
    this = Spending.objects.filter(pk=row.pk)
    if limit is not None and amount:
        this = this.annotate(taken=F("spent") + F("reserved")).filter(taken__lte=limit - amount)
    return this.update(reserved=F("reserved") + _usd(amount))


def hold(account: Account, amount: Decimal | None, answer: Message) -> None:
    """Hold back just this much for an answer, whatever was before. Raises as `reserve` does."""
    with transaction.atomic():
        held = Reservation.objects.filter(answer=answer).first()
        if held and account_for(held) == account and held.amount == amount:
            return
        if held:
            spending_of(account)
            lock(account_for(held), account)
            _release(held)
        reserve(account, amount, answer=answer)


def attach(answer: Message, call: Completion) -> None:
    """What was held back for an answer is now its call's."""
    Reservation.objects.filter(answer=answer).update(answer=None, completion=call)


def release(answer: Message) -> None:
    """Of an answer that will not be called any more."""
    for held in Reservation.objects.filter(answer=answer):
        _release(held)


def release_orphans() -> int:
    """What no ending will release, since an answer or a call was deleted; how many there were."""
    orphans = Reservation.objects.orphaned()
    return sum(_release_or_log(held, orphans) for held in list(orphans))


def _release_or_log(held: Reservation, among: QuerySet[Reservation]) -> bool:
    """One that cannot be released keeps no other from it."""
    try:
        return _release(held, among)
    except Exception:
        log.exception("reservation %d could not be released; the next sweep tries again", held.pk)
        return False


def _release(held: Reservation, among: QuerySet[Reservation] | None = None) -> bool:
    """Only once, whoever else comes to release it, and only as long as it is one of these."""
    with transaction.atomic():
        account = account_for(held)
        lock(account)
        found = Reservation.objects.all() if among is None else among
        if not Reservation.objects.filter(pk__in=found.filter(pk=held.pk).values("pk")).delete()[0]:
            return False
        # Were less held back than that, an ending must not fail of it: the audit would say so.
        less = Greatest(F("reserved") - _usd(held.amount), _usd(Decimal(0)))
        _rows(account).update(reserved=less)
    return True


def settle(call: Completion, cost: Decimal) -> None:
    """A call has ended: what was held back for it is free, what it cost is spent."""
    account = account_for(call)
    spending_of(account)
    held = Reservation.objects.filter(completion=call).first()
    lock(account, *([account_for(held)] if held else []))
    if held:
        _release(held)
    _rows(account).update(spent=F("spent") + _usd(cost))


def _rows(account: Account) -> QuerySet[Spending]:
    return Spending.objects.of(account.user_id, account.groups, account.day)


def _usd(amount: Decimal) -> Value:
    return Value(amount, output_field=UsdField())
