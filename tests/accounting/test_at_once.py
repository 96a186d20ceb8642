"""Many at once, in threads with connections of their own: nothing is lost, and nobody waits in a ring."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from conversations import accounting
from conversations.errors import OverBudget
from conversations.models import Completion, Reservation, Spending
from tests.accounting.holding import queued
from tests.accounting.ledger import budget, settle
from tests.patience import PATIENCE
from tests.people import make_person


@pytest.fixture
def at_once(transactional_db):
    def closing(work, each):
        try:
            return work(each)
        finally:
            connection.close()

    def run(work, over, threads):
        with ThreadPoolExecutor(threads) as pool:
            asked = [pool.submit(closing, work, each) for each in over]
            return [each.result(PATIENCE) for each in asked]

    return run


def test_of_fifty_at_once_three_fit_into_a_budget_for_three(at_once, django_user_model):
    alice = make_person("alice")
    budget("1.55", alice)
    answers = [queued(alice) for _ in range(50)]

    def hold(answer):
        try:
            accounting.hold(accounting.account_of(alice.pk), Decimal("0.5"), answer)
        except OverBudget:
            return False
        return True

    assert sum(at_once(hold, answers, 12)) == 3
    assert Reservation.objects.count() == 3
    assert {row.reserved for row in Spending.objects.all()} == {Decimal("1.5")}


def test_nobody_waits_in_a_ring(at_once, django_user_model):
    """People of several groups, on two days of one month and of two, from the door to the end."""
    groups = [Group.objects.create(name=name) for name in "abc"]
    people = [make_person(name) for name in ("alice", "bob", "carol", "dora")]
    dice = random.Random(7)
    for person in people:
        person.groups.set(dice.sample(groups, 2))
    today = timezone.localdate().replace(day=2)
    days = [today, today - timedelta(days=1), today - timedelta(days=2)]
    turns = [(queued(people[n % 4]), dice.sample(days, 2), dice.random()) for n in range(120)]

    def go_through(turn):
        answer, (first, second), cost = turn
        accounting.hold(accounting.account_of(answer.owner_id, first), Decimal("0.5"), answer)
        account = accounting.account_of(answer.owner_id, second)
        accounting.hold(account, Decimal("0.4"), answer)
        call = Completion.objects.create(
            message=answer,
            user_id=answer.owner_id,
            model="m",
            day=second,
            groups=list(account.groups),
        )
        accounting.attach(answer, call)
        settle(call, Decimal(round(cost, 6)).quantize(Decimal("1e-6")))
        return call.cost

    spent = at_once(go_through, turns, 8)

    site = Spending.objects.filter(user=None, group=None, period="day")
    assert sum(row.spent for row in site) == sum(spent)
    assert not Spending.objects.filter(reserved__gt=0).exists()
    assert accounting.audit() == []
