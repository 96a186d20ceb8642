"""Sums of the roll-ups are sums of the ledger, for whoever and whatever is chosen."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from conversations import usage
from conversations.usage import NOBODY, NONE, Figures, Selection
from tests.admin.ledger import book

TODAY = date(2026, 11, 20)
MONTH = Selection(date(2026, 11, 1), date(2026, 11, 30))

pytestmark = pytest.mark.django_db


def on(day: int, person=None, **call):
    return book(None, user=person, day=date(2026, 11, day), **call)


def costs(parts) -> dict:
    return {key: figures.cost for key, figures in parts.items()}


def test_nothing_was_used():
    assert usage.total(MONTH) == NONE
    assert usage.overview(MONTH).total == NONE
    assert usage.overview(MONTH).by_model() == {}
    assert usage.by_user(MONTH) == usage.by_group(MONTH, {}) == {}
    assert NONE.cached_share is NONE.error_rate is NONE.drift is NONE.estimated_share is None


def test_a_total_is_the_sum_of_its_calls(alice):
    on(1, alice, cached_tokens=25, estimated_prompt_tokens=90, cost=Decimal("0.5"))
    on(2, alice, is_estimated=True, cost=Decimal("0.25"))
    on(30, alice, error="server", cost=None, prompt_tokens=200, estimated_prompt_tokens=240)
    on(30, None, prompt_tokens=0, completion_tokens=0, cost=0)
    book(None, user=alice, day=date(2026, 12, 1))
    book(None, user=alice, day=date(2026, 10, 31))

    found = usage.total(MONTH)

    assert found == Figures(
        calls=4,
        failed_calls=1,
        estimated_calls=1,
        calls_of_unknown_cost=1,
        prompt_tokens=400,
        cached_tokens=25,
        completion_tokens=60,
        cost=Decimal("0.75"),
        told_estimates=330,
        told_prompt_tokens=300,
    )
    assert usage.overview(MONTH).total == found
    assert found.prompt_tokens + found.completion_tokens == 460
    assert found.cached_share == Decimal("0.0625")
    assert found.error_rate == found.estimated_share == Decimal("0.25")
    assert found.drift == Decimal("0.1")


def test_parts_are_by_cost_and_add_up(alice, bob):
    on(1, alice, model="mini", cost=Decimal(1))
    on(1, bob, model="large", cost=Decimal(3))
    on(2, None, model="mini", purpose="summary", cost=Decimal(1))
    seen = usage.overview(MONTH)

    by_span = seen.by_span(usage.spans_of(MONTH)).items()
    assert {(str(span), model): sums.cost for (span, model), sums in by_span} == {
        ("1 Nov", "mini"): 1,
        ("1 Nov", "large"): 3,
        ("2 Nov", "mini"): 1,
    }
    assert list(costs(seen.by_model()).items()) == [("large", 3), ("mini", 2)]
    assert list(costs(seen.by_purpose()).items()) == [("answer", 4), ("summary", 1)]
    assert list(costs(usage.by_user(MONTH)).items()) == [(bob.pk, 3), (NOBODY, 1), (alice.pk, 1)]


@pytest.mark.parametrize(
    ("chosen", "cost"),
    [
        ({"user": "alice"}, 3),
        ({"user": "nobody"}, 4),
        ({"group": "team"}, 11),
        ({"model": "large"}, 10),
        ({"purpose": "summary"}, 2),
        ({"user": "alice", "purpose": "summary"}, 2),
        ({"user": "alice", "model": "large"}, 0),
        ({"group": "team", "user": "nobody"}, 0),
    ],
)
def test_a_selection_narrows_every_sum(alice, bob, chosen, cost):
    team = Group.objects.create(name="team")
    alice.groups.add(team)
    bob.groups.add(team)
    on(1, alice, model="mini", cost=Decimal(1))
    on(2, alice, model="mini", purpose="summary", cost=Decimal(2))
    on(3, bob, model="large", cost=Decimal(8))
    on(4, None, model="mini", cost=Decimal(2))
    on(4, None, model="large", cost=Decimal(2))
    keys = {"alice": alice.pk, "nobody": NOBODY, "team": team.pk}
    selection = Selection(MONTH.first, MONTH.last, **{n: keys.get(v, v) for n, v in chosen.items()})

    assert usage.total(selection).cost == usage.overview(selection).total.cost == cost
    assert sum(costs(usage.by_user(selection)).values()) == cost


def test_who_is_in_two_groups_counts_in_both_and_once_in_all(alice, bob):
    one, other = (Group.objects.create(name=name) for name in ("one", "other"))
    alice.groups.add(one, other)
    bob.groups.add(one)
    on(1, alice, cost=Decimal(1))
    on(1, bob, cost=Decimal(2))

    people = usage.by_user(MONTH)
    narrowed = Selection(MONTH.first, MONTH.last, group=other.pk)
    assert costs(usage.by_group(MONTH, people)) == {one.pk: 3, other.pk: 1}
    assert costs(usage.by_group(narrowed, usage.by_user(narrowed))) == {other.pk: 1}
    assert usage.total(MONTH).cost == 3


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        # A month, and what has passed of one.
        ((2026, 11, 1), (2026, 11, 30), ((2026, 10, 1), (2026, 10, 31))),
        ((2026, 11, 1), (2026, 11, 20), ((2026, 10, 1), (2026, 10, 20))),
        ((2026, 3, 1), (2026, 3, 30), ((2026, 2, 1), (2026, 2, 28))),
        ((2026, 2, 1), (2026, 2, 28), ((2026, 1, 1), (2026, 1, 31))),
        # Any other span.
        ((2026, 11, 20), (2026, 11, 20), ((2026, 11, 19), (2026, 11, 19))),
        ((2026, 11, 14), (2026, 11, 20), ((2026, 11, 7), (2026, 11, 13))),
        ((2026, 1, 1), (2026, 2, 28), ((2025, 11, 3), (2025, 12, 31))),
    ],
)
def test_before_is_as_much_time(first, last, before):
    selection = Selection(date(*first), date(*last), user=7, model="mini")

    found = selection.before

    assert (found.first, found.last) == tuple(date(*day) for day in before)
    assert (found.user, found.model) == (7, "mini")


def test_days_are_shown_one_by_one_and_long_spans_by_months():
    days = usage.spans_of(MONTH)
    months = usage.spans_of(Selection(date(2026, 1, 15), date(2026, 11, 20)))

    assert [str(span) for span in days[:2]] == ["1 Nov", "2 Nov"]
    assert len(days) == 30
    assert [str(span) for span in months[:2]] == ["Jan 2026", "Feb 2026"]
    assert (months[0].first, months[0].last) == (date(2026, 1, 15), date(2026, 1, 31))
    assert (months[-1].first, months[-1].last) == (date(2026, 11, 1), date(2026, 11, 20))


def test_spans_hold_every_day_once():
    selection = Selection(date(2025, 12, 30), date(2026, 12, 30))

    days = [day for span in usage.spans_of(selection) for day in span.each()]

    assert days == [selection.first + timedelta(days=day) for day in range(366)]


def test_spans_by_model_add_up(alice):
    on(1, alice, model="mini", cost=Decimal(1))
    on(1, None, model="mini", cost=Decimal(2))
    on(30, alice, model="large", cost=Decimal(4))
    first, *_, last = spans = usage.spans_of(MONTH)

    found = usage.overview(MONTH).by_span(spans)

    assert costs(found) == {(first, "mini"): 3, (last, "large"): 4}


def test_a_pace_is_of_the_days_so_far(alice, bob):
    on(1, alice, cost=Decimal(3))
    on(20, alice, cost=Decimal("0.10"))
    on(25, alice, cost=Decimal(100))
    on(20, bob, cost=Decimal(7))

    found = usage.pace(Selection(TODAY, TODAY, user=alice.pk), TODAY)

    assert found.so_far.cost == Decimal("3.10")
    assert found.expected == Decimal("4.65")
    assert found.ends == date(2026, 11, 30)
    assert found.month == Selection(date(2026, 11, 1), TODAY, user=alice.pk)
