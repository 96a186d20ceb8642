"""Which budgets hold for whom, for how long, and what is left of them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from conversations import accounting
from conversations.errors import OverBudget
from conversations.models import Completion, Period, Scope
from tests.accounting.ledger import budget, each, group_of, override, spend

DAY = date(2026, 11, 21)


def meters(person, day=DAY):
    """(scope, period, limit, spent) of each, the tightest first."""
    found = accounting.meters_of(accounting.account_of(person.pk, day))
    return [(meter.budget.scope, meter.budget.period, meter.limit, meter.spent) for meter in found]


def only_meter(person, day=DAY):
    [meter] = accounting.meters_of(accounting.account_of(person.pk, day))
    return meter


# --- which ------------------------------------------------------------------------------------


def test_without_budgets_there_is_nothing_to_ask(alice, django_assert_num_queries):
    account = accounting.account_of(alice.pk, DAY)

    with django_assert_num_queries(1):
        assert accounting.meters_of(account) == []


def test_the_sites_and_each_persons_hold_for_everybody(alice, bob):
    budget(50)
    each(20)
    spend(alice, 3, DAY)
    spend(bob, 4, DAY)

    assert meters(alice) == [("each", "month", 20, 3), ("site", "month", 50, 7)]
    assert meters(bob) == [("each", "month", 20, 4), ("site", "month", 50, 7)]


def test_a_persons_own_takes_the_place_of_each_persons_of_the_same_period_only(alice, bob):
    each(20)
    each(5, "day")
    budget(100, alice)

    assert meters(alice) == [("each", "day", 5, 0), ("person", "month", 100, 0)]
    assert meters(bob) == [("each", "day", 5, 0), ("each", "month", 20, 0)]


def test_an_own_one_may_be_smaller(alice):
    each(20)
    budget(1, alice)

    assert meters(alice) == [("person", "month", 1, 0)]


def test_every_group_counts_all_its_members_together(alice, bob):
    both, alone = group_of(alice, bob, name="Both"), group_of(alice, name="Alone")
    budget(10, both)
    budget(6, alone)
    spend(alice, 2, DAY)
    spend(bob, 3, DAY)

    assert meters(alice) == [("group", "month", 6, 2), ("group", "month", 10, 5)]
    assert meters(bob) == [("group", "month", 10, 5)]


def test_what_was_spent_before_they_joined_is_not_the_groups(alice):
    spend(alice, 2, DAY)
    budget(10, group_of(alice))
    spend(alice, 3, DAY)

    assert meters(alice) == [("group", "month", 10, 3)]


def test_the_tightest_is_the_one_with_the_least_left_whatever_its_share(alice):
    budget(100, alice, "day")
    budget(110, alice)
    spend(alice, 95, date(2026, 11, 20))
    spend(alice, 10, DAY)

    assert meters(alice) == [("person", "month", 110, 105), ("person", "day", 100, 10)]


# --- how far ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "percent", "state"),
    [
        ("0", 0, "ok"),
        ("7.999999999999", 79, "ok"),
        ("8", 80, "near"),
        ("9.999999999999", 99, "near"),
        ("10", 100, "used up"),
        ("12", 120, "used up"),
    ],
)
def test_a_warning_comes_at_eighty_per_cent_and_the_end_at_all_of_it(alice, spent, percent, state):
    budget(10, alice)
    spend(alice, spent, DAY)

    meter = only_meter(alice)

    assert (meter.percent, meter.state_in_words) == (percent, state)
    assert meter.left == max(10 - Decimal(spent), 0)


def test_what_is_held_back_is_not_left_but_not_spent_either(alice):
    budget(10, alice)
    account = accounting.account_of(alice.pk, DAY)
    accounting.reserve(account, Decimal(9))

    meter = only_meter(alice)

    assert (meter.left, meter.spent, meter.state_in_words) == (1, 0, "ok")


def test_a_budget_of_nothing_is_used_up_from_the_start(alice):
    budget(0, alice)

    meter = only_meter(alice)

    assert (meter.is_reached, meter.percent, meter.left) == (True, 100, 0)


# --- overrides ----------------------------------------------------------------------------------


def test_an_override_holds_for_its_period_only(alice):
    month, day = budget(10, alice), budget(2, alice, "day")
    override(month, 5, date(2026, 11, 1))
    override(day, 1, DAY)

    def limits(day):
        found = accounting.meters_of(accounting.account_of(alice.pk, day))
        return {meter.budget.period: meter.limit for meter in found}

    assert limits(DAY) == {"day": 3, "month": 15}
    assert limits(date(2026, 11, 22)) == {"day": 2, "month": 15}
    assert limits(date(2026, 12, 1)) == {"day": 2, "month": 10}
    assert limits(date(2026, 10, 31)) == {"day": 2, "month": 10}


def test_a_days_override_on_the_first_is_not_the_months(alice):
    month, day = budget(10, alice), budget(2, alice, "day")
    override(day, 1, date(2026, 11, 1))

    found = accounting.meters_of(accounting.account_of(alice.pk, date(2026, 11, 1)))

    assert {meter.budget: meter.limit for meter in found} == {month: 10, day: 3}


def test_several_overrides_add_up(alice):
    of = budget(10, alice)
    override(of, 5, date(2026, 11, 1))
    override(of, "0.5", date(2026, 11, 1))

    assert only_meter(alice).limit == Decimal("15.5")


def test_more_for_one_of_each_is_nobody_elses(alice, bob):
    override(each(10), 5, date(2026, 11, 1), alice)

    assert (only_meter(alice).limit, only_meter(bob).limit) == (15, 10)


def test_more_for_a_group_is_for_all_of_it(alice, bob):
    override(budget(10, group_of(alice, bob)), 5, date(2026, 11, 1))

    assert (only_meter(alice).limit, only_meter(bob).limit) == (15, 15)


def test_an_override_lets_through_what_was_refused(alice):
    of = budget(10, alice)
    spend(alice, 10, DAY)
    account = accounting.account_of(alice.pk, DAY)
    with pytest.raises(OverBudget):
        accounting.check(account, Decimal(1))

    override(of, 1, date(2026, 11, 1))

    accounting.check(account, Decimal(1))
    with pytest.raises(OverBudget):
        accounting.check(account, Decimal("1.01"))


def test_more_that_is_allowed_now_is_of_the_period_that_runs(alice, carol, monkeypatch):
    at(monkeypatch, datetime(2026, 11, 21, 12, tzinfo=UTC))

    made = accounting.allow_more(
        each(10), Decimal(2), reason="A\nlong  week", by=carol, person=alice
    )

    assert (made.begins, made.reason) == (date(2026, 11, 1), "A long  week")
    assert (made.budget_words, made.person_name, made.made_by_name) == (
        "each person, a month",
        "alice",
        "carol",
    )
    assert accounting.allowed_now(made.budget, alice) == 2


# --- when they reset ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "month_begins", "next_day", "next_month"),
    [
        (date(2026, 11, 21), date(2026, 11, 1), date(2026, 11, 22), date(2026, 12, 1)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), date(2027, 1, 1), date(2027, 1, 2), date(2027, 2, 1)),
        (date(2027, 1, 31), date(2027, 1, 1), date(2027, 2, 1), date(2027, 2, 1)),
        (date(2027, 2, 28), date(2027, 2, 1), date(2027, 3, 1), date(2027, 3, 1)),
        (date(2028, 2, 28), date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 1)),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1), date(2028, 3, 1)),
    ],
)
def test_days_and_months_end_where_the_calendar_says(day, month_begins, next_day, next_month):
    assert (Period.DAY.begin(day), Period.DAY.reset(day)) == (day, next_day)
    assert (Period.MONTH.begin(day), Period.MONTH.reset(day)) == (month_begins, next_month)


def test_a_new_month_begins_with_nothing_spent(alice):
    budget(20, alice)
    budget(5, alice, "day")
    spend(alice, 4, date(2026, 12, 31))

    assert meters(alice, date(2026, 12, 31)) == [
        ("person", "day", 5, 4),
        ("person", "month", 20, 4),
    ]
    assert meters(alice, date(2027, 1, 1)) == [("person", "day", 5, 0), ("person", "month", 20, 0)]


def test_it_says_when_it_resets(alice):
    budget(20, alice)

    meter = only_meter(alice, date(2026, 12, 31))

    assert meter.resets_on == date(2027, 1, 1)
    assert meter.reset_in_words == "It resets on 1 January."


def at(monkeypatch, moment):
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 11, 30)),
        ("Europe/Berlin", date(2026, 12, 1)),
        ("America/New_York", date(2026, 11, 30)),
        ("Pacific/Kiritimati", date(2026, 12, 1)),
    ],
)
def test_midnight_is_that_of_the_sites_time_zone(alice, settings, monkeypatch, zone, day):
    settings.TIME_ZONE = zone
    at(monkeypatch, datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    budget(20, alice)

    account = accounting.account_of(alice.pk)
    call = spend(alice, 3)

    [meter] = accounting.meters_of(account)
    assert (account.day, meter.begins, meter.spent) == (day, day.replace(day=1), 3)
    assert Completion.objects.get(pk=call.pk).day == day


# --- all of them at once ------------------------------------------------------------------------


def test_a_survey_says_of_each_budget_what_its_people_are_told(alice, bob, monkeypatch):
    at(monkeypatch, datetime(2026, 11, 21, 12, tzinfo=UTC))
    group = group_of(alice, bob)
    made = [budget(50), budget(10, group, "day"), budget(20, alice), budget(30, bob, "day")]
    override(made[2], 5, date(2026, 11, 1))
    spend(alice, 4, date(2026, 11, 20))
    spend(alice, 2, DAY)
    spend(bob, 3, DAY)

    surveyed = accounting.meters_now([*made, each(1)])

    told = {
        meter.budget.pk: meter
        for person in (alice, bob)
        for meter in accounting.meters_of(accounting.account_of(person.pk, DAY))
        if meter.budget.scope != Scope.EACH
    }
    assert surveyed == told
    assert [meter.spent for meter in surveyed.values()] == [9, 5, 6, 3]


def test_people_are_counted_by_their_own_limits(alice, bob, carol, monkeypatch):
    at(monkeypatch, datetime(2026, 11, 21, 12, tzinfo=UTC))
    of = each(10)
    override(of, 10, date(2026, 11, 1), bob)
    spend(alice, 8, DAY)
    spend(bob, 12, DAY)
    spend(carol, 10, DAY)
    spend(carol, 90, date(2026, 10, 31))

    rows = list(accounting.people_of(of))

    assert accounting.crowd_of(of) == accounting.Crowd(people=3, near=1, reached=1)
    assert [(row.user, row.spent, row.limit) for row in rows] == [
        (bob, 12, 20),
        (carol, 10, 10),
        (alice, 8, 10),
    ]
    assert [accounting.meter_of(of, row, row.limit).state_in_words for row in rows] == [
        "ok",
        "used up",
        "near",
    ]


def test_who_has_an_own_budget_is_not_among_them(alice, bob, monkeypatch):
    at(monkeypatch, datetime(2026, 11, 21, 12, tzinfo=UTC))
    of = each(10)
    budget(100, bob)
    budget(1, alice, "day")
    spend(alice, 1, DAY)
    spend(bob, 12, DAY)

    assert [row.user for row in accounting.people_of(of)] == [alice]


@pytest.mark.parametrize(
    ("limit", "spent", "near"),
    [
        ("0.000000000001", "0.000000000001", 0),
        ("0.000000000003", "0.000000000002", 0),
        ("0.000000000006", "0.000000000005", 1),
        ("1000000", "800000", 1),
        ("1000000", "799999.999999999999", 0),
    ],
)
def test_near_is_the_same_in_the_database_as_in_a_meter(alice, limit, spent, near):
    of = each(limit)
    spend(alice, spent, prompt_tokens=500_000, completion_tokens=0)

    [meter] = accounting.meters_of(accounting.account_of(alice.pk))

    assert accounting.crowd_of(of).near == near == (meter.is_near and not meter.is_reached)
