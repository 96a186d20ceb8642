"""The proof that every total is the sum of the ledger, and that it finds what is not."""

import re
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import accounting
from conversations.models import Completion, Conversation, DayUsage, Reservation, Spending
from tests.accounting.ledger import spend
from tests.admin.ledger import make_talk

PRICES = {
    "price_input": Decimal("5"),
    "price_cached_input": Decimal("5"),
    "price_cache_write": Decimal("5"),
    "price_output": Decimal("15"),
}


@pytest.fixture
def ledger(alice, bob):
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    make_talk(alice, call={"cost": Decimal("0.0008"), "groups": [team.pk], **PRICES})
    make_talk(bob, call={"cost": None})
    spend(alice, "2")


def test_a_ledger_that_adds_up_is_clean(ledger):
    assert accounting.audit() == []


def test_the_command_says_how_many_calls_add_up(ledger):
    said = StringIO()

    call_command("audit_ledger", stdout=said)

    assert said.getvalue() == "The ledger is clean: 3 calls, and every total is their sum.\n"


PLANTED = {
    "a conversation's tokens": (
        lambda: Conversation.objects.update(prompt_tokens=F("prompt_tokens") + 1),
        "conversation .*: prompt_tokens is 101, should be 100",
    ),
    "a conversation's unknown costs": (
        lambda: Conversation.objects.filter(owner__username="bob").update(calls_of_unknown_cost=0),
        "conversation .*: calls_of_unknown_cost is 0, should be 1",
    ),
    "a day's failed calls": (
        lambda: DayUsage.objects.filter(user__username="bob").update(failed_calls=1),
        "usage of day .*: failed_calls is 1, should be 0",
    ),
    "a day that is missing": (
        lambda: DayUsage.objects.filter(user__username="bob").delete(),
        "usage of day .*: calls is 0, should be 1",
    ),
    "a day without any call": (
        lambda: DayUsage.objects.create(day="2020-01-01", model="m", purpose="answer", calls=1),
        "usage of day 2020-01-01, user None, m, answer: calls is 1, should be 0",
    ),
    "a month's spending": (
        lambda: Spending.objects.filter(user__username="alice", period="month").update(spent=1),
        r"spending of user \d+, group None, month .*: spent is 1.0+, should be 2.00080*",
    ),
    "a group's spending": (
        lambda: Spending.objects.filter(group__isnull=False, period="day").update(spent=3),
        r"spending of user None, group \d+, day .*: spent is 3.0+, should be 2.00080*",
    ),
    "a row of spending that is missing": (
        lambda: Spending.objects.filter(user=None, group=None, period="day").delete(),
        r"spending of user None, group None, day .*: spent is 0.*, should be 2.00080*",
    ),
    "all that a person has spent": (
        lambda: Spending.objects.filter(user__username="alice").delete(),
        r"spending of user \d+, group None, month .*: spent is 0.*, should be 2.00080*",
    ),
    "all that a group has spent": (
        lambda: Spending.objects.filter(group__isnull=False).delete(),
        r"spending of user None, group \d+, month .*: spent is 0.*, should be 2.00080*",
    ),
    "what is held back by nobody": (
        lambda: Spending.objects.filter(user__username="bob", period="day").update(reserved=1),
        r"spending of user \d+, group None, day .*: reserved is 1.0+, should be 0",
    ),
    "a reservation that no row has": (
        lambda: Reservation.objects.create(amount=1, day=timezone.localdate()),
        "spending of user None, group None, day .*: reserved is 0.*, should be 1.0+",
    ),
    "a cost that its prices do not make": (
        lambda: Completion.objects.exclude(price_input=None).update(price_output=16),
        r"call \d+ costs 0.0008\d*, not 0.00082\d*",
    ),
    "a cost without any prices": (
        lambda: Completion.objects.exclude(price_input=None).update(price_output=None),
        r"call \d+ costs 0.0008\d*, not None",
    ),
    "a call under way that holds nothing back": (
        lambda: Completion.objects.create(model="m", reserved=1),
        r"call \d+ is open and does not hold back its 1.0+",
    ),
    "a call that was never booked": (
        lambda: Completion.objects.create(model="m", cost=1, ended_at=timezone.now()),
        r"usage of day .*, user None, m, answer: calls is 0, should be 1",
    ),
}


@pytest.mark.unaudited
@pytest.mark.parametrize(("plant", "words"), PLANTED.values(), ids=PLANTED)
def test_whatever_does_not_add_up_is_found(ledger, plant, words):
    plant()

    found = accounting.audit()

    assert [one for one in found if re.fullmatch(words, one)], found
    said = StringIO()
    with pytest.raises(CommandError, match=f"{len(found)} differences to the ledger of"):
        call_command("audit_ledger", stderr=said)
    assert said.getvalue().splitlines() == found


@pytest.mark.unaudited
def test_the_command_prints_as_many_as_are_asked_for(ledger):
    Spending.objects.update(spent=9)
    said = StringIO()

    with pytest.raises(CommandError):
        call_command("audit_ledger", most=2, stderr=said)

    assert len(said.getvalue().splitlines()) == 2


def test_it_asks_as_often_for_many_calls_as_for_one(alice, bob):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert accounting.audit() == []
        return len(captured)

    spend(alice, "1")
    few = queries()
    for _ in range(20):
        spend(bob, "0.5")
        make_talk(bob)

    assert queries() == few
