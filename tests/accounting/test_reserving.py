"""What is held back before a call, and what becomes of it."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from conversations import accounting
from conversations.accounting import reserving
from conversations.errors import CostUnknown, OverBudget
from conversations.models import (
    DayUsage,
    Reservation,
    Spending,
)
from tests.accounting.holding import account, call_of, figures, hold, reserved, usd
from tests.accounting.ledger import budget, each, settle, spend


def test_what_a_call_may_cost_is_held_back_wherever_it_counts(alice):
    team = Group.objects.create(name="Team")
    alice.groups.add(team)

    hold(alice, "0.5")

    assert figures() == {
        (user, group, period): (usd("0"), usd("0.5"))
        for user, group in [(None, None), (alice.pk, None), (None, team.pk)]
        for period in ("day", "month")
    }


def test_a_call_is_settled_with_what_it_cost(alice):
    call = call_of(hold(alice, "0.5"))

    settle(call, usd("0.2"))

    assert set(figures().values()) == {(usd("0.2"), usd("0"))}
    assert not Reservation.objects.exists()


def test_what_a_call_cost_above_its_worst_case_is_booked_and_shown(alice):
    budget("0.5", alice)
    call = call_of(hold(alice, "0.5"))

    settle(call, usd("0.7"))

    [meter] = accounting.meters_of(account(alice))
    assert (meter.spent, meter.left, meter.percent) == (usd("0.7"), usd("0"), 140)
    with pytest.raises(OverBudget, match="You have used this month's"):
        hold(alice, "0.01")


def test_a_cost_that_nobody_knows_frees_what_was_held_back(alice):
    call = call_of(hold(alice, None))

    settle(call, None)

    assert set(figures().values()) == {(usd("0"), usd("0"))}


def test_a_fourth_message_is_not_admitted_past_a_budget_for_three(alice):
    budget("1.55", alice)
    for _ in range(3):
        hold(alice, "0.5")

    with pytest.raises(OverBudget) as refused:
        hold(alice, "0.5")

    assert str(refused.value) == "This could cost $0.50; $0.05 of this month's $1.55 is left."
    assert (refused.value.left, Reservation.objects.count()) == (usd("0.05"), 3)
    assert reserved() == {usd("1.5")}


def test_an_amount_fits_to_the_last_picodollar(alice):
    budget("1", alice)
    hold(alice, "0.999999999999")

    with pytest.raises(OverBudget):
        hold(alice, "0.000000000002")

    hold(alice, "0.000000000001")
    assert reserved() == {usd("1")}


def test_the_tightest_of_several_budgets_refuses_and_none_keeps_anything(alice):
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    each("10")
    budget("0.4", team, "day")
    budget("5")

    with pytest.raises(OverBudget, match=r"today's \$0\.40 of your group “Team”"):
        hold(alice, "0.5")

    assert not Spending.objects.filter(reserved__gt=0).exists()
    assert not Reservation.objects.exists()


def test_of_a_shared_budget_no_amounts_of_others_are_told(alice, bob):
    team = Group.objects.create(name="Team")
    for person in (alice, bob):
        person.groups.add(team)
    budget("10", team)
    spend(bob, "9.51")

    with pytest.raises(OverBudget) as refused:
        hold(alice, "0.5")

    assert str(refused.value) == (
        "This could cost $0.50, more than is left of this month's $10.00 of your group “Team”."
    )


def test_what_is_left_and_what_it_could_cost_are_never_the_same_words(alice):
    budget("10", alice)
    spend(alice, "9.9602")

    with pytest.raises(OverBudget, match=r"could cost \$0\.05; \$0\.03 of this month's \$10"):
        hold(alice, "0.0441")


def test_a_group_that_is_deleted_meanwhile_refuses_nobody(alice, monkeypatch):
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    budget("20", team)
    rows = reserving.spending_of

    def then_it_is_deleted(account):
        found = rows(account)
        team.delete()
        return found

    monkeypatch.setattr(reserving, "spending_of", then_it_is_deleted)

    hold(alice, "0.1")

    assert reserved() == {usd("0.1")}


def test_what_fits_since_somebody_else_has_just_been_settled_is_admitted(alice, monkeypatch):
    budget("1", alice)
    others = hold(alice, "0.6")
    move, tries = reserving._move, []

    def then_there_is_room(row, amount, limit):
        moved = move(row, amount, limit) if tries or limit is None else 0
        if limit is not None and not tries:
            tries.append(row)
            accounting.release(others)
        return moved

    monkeypatch.setattr(reserving, "_move", then_there_is_room)
    monkeypatch.setattr(reserving, "_check", lambda meters, amount: None)

    hold(alice, "0.9")

    assert len(tries) == 1
    assert reserved() == {usd("0.9")}


def test_what_is_released_twice_is_freed_once(alice):
    hold(alice, "0.5")
    hold(alice, "0.25")
    held = Reservation.objects.get(amount=usd("0.5"))
    again = Reservation.objects.get(amount=usd("0.5"))

    assert [reserving._release(held), reserving._release(again)] == [True, False]

    assert reserved() == {usd("0.25")}


def test_only_what_is_still_an_orphan_is_freed_as_one(alice):
    hold(alice, "0.5")
    held = Reservation.objects.get()

    assert not reserving._release(held, Reservation.objects.orphaned())

    assert reserved() == {usd("0.5")}


def test_what_others_of_a_group_spend_counts_for_all_of_it(alice, bob):
    team = Group.objects.create(name="Team")
    for person in (alice, bob):
        person.groups.add(team)
    budget("1", team)
    spend(bob, "1")

    with pytest.raises(OverBudget, match="Your group “Team” has used this month's"):
        hold(alice, "0.01")


def test_what_costs_nothing_is_never_refused(alice):
    budget("1")
    spend(alice, "1.2")

    hold(alice, "0")

    assert Reservation.objects.count() == 1


def test_a_check_says_what_a_reservation_would(alice):
    budget("1", alice)
    spend(alice, "0.75")

    with pytest.raises(OverBudget) as checked:
        accounting.check(account(alice), usd("0.3"))
    with pytest.raises(OverBudget) as refused:
        hold(alice, "0.3")

    accounting.check(account(alice), usd("0.25"))
    assert str(checked.value) == str(refused.value)
    assert not Reservation.objects.exists()


def test_an_unknown_price_is_refused_where_a_budget_holds(alice, bob, settings):
    budget("1", alice)

    with pytest.raises(CostUnknown):
        hold(alice, None)
    with pytest.raises(CostUnknown):
        accounting.check(account(alice), None)

    hold(bob, None)
    settings.ALLOW_UNKNOWN_PRICES = True
    hold(alice, None)
    assert Reservation.objects.count() == 2

    spend(alice, "1")
    with pytest.raises(OverBudget, match="You have used this month"):
        hold(alice, None)


@pytest.mark.unaudited
def test_figures_that_are_wrong_keep_no_call_from_its_ending(alice):
    call = call_of(hold(alice, "0.5"))
    Spending.objects.update(reserved=0)

    settle(call, usd("0.2"))

    assert set(figures().values()) == {(usd("0.2"), usd("0"))}


# --- from the door to the ending --------------------------------------------------------------


def test_what_is_held_back_twice_for_an_answer_is_held_back_once(alice):
    answer = hold(alice, "0.5")

    accounting.hold(account(alice), usd("0.5"), answer)
    accounting.hold(account(alice), usd("0.3"), answer)

    assert reserved() == {usd("0.3")}


def test_an_answer_that_now_costs_more_than_is_left_keeps_what_it_had(alice):
    budget("1", alice)
    answer = hold(alice, "0.5")

    with pytest.raises(OverBudget):
        accounting.hold(account(alice), usd("1.1"), answer)

    assert reserved() == {usd("0.5")}


def test_an_answer_that_is_not_called_frees_what_was_held_back(alice):
    answer = hold(alice, "0.5")

    accounting.release(answer)
    accounting.release(answer)

    assert reserved() == {usd("0")}


def test_a_call_is_settled_in_the_period_in_which_it_was_made(alice):
    month_end = date(2026, 10, 31)
    call = call_of(hold(alice, "0.5", month_end), month_end)

    settle(call, usd("0.2"))

    assert {row.begins for row in Spending.objects.all()} == {month_end, date(2026, 10, 1)}
    assert [row.day for row in DayUsage.objects.all()] == [month_end]


def test_past_midnight_an_answer_counts_in_the_new_day(alice):
    yesterday = timezone.localdate() - timedelta(days=1)
    answer = hold(alice, "0.5", yesterday)

    accounting.hold(account(alice), usd("0.5"), answer)

    days = Spending.objects.filter(period="day").values_list("begins", "reserved")
    assert set(days) == {(yesterday, usd("0")), (timezone.localdate(), usd("0.5"))}
