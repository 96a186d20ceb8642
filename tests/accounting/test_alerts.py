"""What is noted of budgets and unusual use: once each, and in words that stay true."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from conversations import accounting
from conversations.errors import OverBudget
from conversations.models import Alert
from conversations.turns import Wish, admission
from tests.accounting.ledger import budget, each, group_of, override, spend
from tests.admin.ledger import book
from tests.people import make_conversation, make_person

DAY = date(2026, 11, 21)
MONTH = date(2026, 11, 1)


def noted():
    return list(Alert.objects.order_by("pk").values_list("kind", "words"))


def kinds():
    return [kind for kind, _ in noted()]


def account(person, day=DAY):
    return accounting.account_of(person.pk, day)


# --- budgets ------------------------------------------------------------------------------------


def test_below_eighty_per_cent_nothing_is_noted(alice):
    budget(10, alice)

    spend(alice, "7.99", DAY)

    assert noted() == []


def test_at_eighty_per_cent_it_is_near(alice):
    each(20)

    spend(alice, 17, DAY)

    assert noted() == [("near", "alice has spent $17.00 of $20.00 in November 2026 (85 %).")]


def test_at_all_of_it_it_is_used_up(alice):
    each(20, "day")

    spend(alice, "20.5", DAY)

    assert noted() == [("reached", "alice has spent $20.50 of $20.00 on 21 November 2026 (102 %).")]


def test_each_is_noted_once_however_often_they_spend(alice):
    of = budget(10, alice)

    for usd in (8, 1, "0.5", "0.5", 1, 1):
        spend(alice, usd, DAY)

    alerts = Alert.objects.order_by("pk").values_list("kind", "spent", "limit", "budget")
    assert list(alerts) == [("near", 8, 10, of.pk), ("reached", 10, 10, of.pk)]


def test_every_budget_that_holds_is_told_of(alice, bob):
    budget(10)
    budget(10, group_of(alice, bob, name="Team\nTwo"))
    budget(10, alice)

    spend(alice, 9, DAY)

    assert sorted(words for _, words in noted()) == [
        "The group “Team Two” has spent $9.00 of $10.00 in November 2026 (90 %).",
        "The whole site has spent $9.00 of $10.00 in November 2026 (90 %).",
        "alice has spent $9.00 of $10.00 in November 2026 (90 %).",
    ]


def test_each_person_is_told_of_by_themselves(alice, bob):
    each(10)

    spend(alice, 9, DAY)
    spend(bob, 9, DAY)

    assert [words.split()[0] for _, words in noted()] == ["alice", "bob"]


def test_the_next_period_is_told_of_anew(alice):
    budget(10, alice)

    spend(alice, 9, DAY)
    spend(alice, 9, date(2026, 12, 1))

    assert kinds() == ["near", "near"]


def test_a_raised_limit_is_told_of_anew(alice):
    of = budget(10, alice)
    spend(alice, 10, DAY)

    override(of, 2, MONTH)
    spend(alice, "0.5", DAY)
    spend(alice, 2, DAY)

    assert [(kind, words.split(" in ")[0]) for kind, words in noted()] == [
        ("reached", "alice has spent $10.00 of $10.00"),
        ("near", "alice has spent $10.50 of $12.00"),
        ("reached", "alice has spent $12.50 of $12.00"),
    ]


def test_a_limit_that_is_lowered_and_raised_again_is_told_of_once(alice):
    of = budget(10, alice)
    spend(alice, "8.5", DAY)

    for limit in (20, 10):
        of.limit = Decimal(limit)
        of.save()
        spend(alice, "0.1", DAY)

    assert kinds() == ["near"]


def test_a_name_is_text_on_one_line_and_not_too_long(db):
    person = make_person("<b>" + "x" * 140 + "\u2028y")
    each(10)

    spend(person, 9, DAY)

    [(_, words)] = noted()
    assert words == "<b>" + "x" * 56 + "… has spent $9.00 of $10.00 in November 2026 (90 %)."


def test_a_call_that_cost_nothing_says_nothing_of_a_budget_of_nothing(alice):
    budget(0, alice)

    spend(alice, 0, DAY)

    assert noted() == []


def test_booking_a_call_notes_it_once_it_is_committed(transactional_db, alice):
    each(1)

    book(None, user=alice, cost=Decimal("0.9"))

    assert kinds() == ["near"]


@pytest.mark.parametrize("spent", ["0.5", "5"])
def test_where_there_is_nothing_to_say_it_asks_little(alice, spent, django_assert_max_num_queries):
    group = group_of(alice)
    for subject in (None, alice, group):
        budget(100, subject)
    spend(alice, spent, DAY)
    theirs = account(alice)

    # Spending, budgets, overrides; of a day that costs something, the days before it.
    with django_assert_max_num_queries(3 if spent == "0.5" else 4):
        accounting.note_spent(theirs)


# --- refused --------------------------------------------------------------------------------------


def test_nothing_that_fits_is_as_good_as_used_up(alice):
    budget(10, alice)
    spend(alice, "9.9", DAY)
    accounting.note_refused(account(alice))
    accounting.note_refused(account(alice))
    spend(alice, "0.05", DAY)
    spend(alice, "0.05", DAY)

    assert noted() == [
        ("near", "alice has spent $9.90 of $10.00 in November 2026 (99 %)."),
        (
            "tight",
            "alice has spent $9.90 of $10.00 in November 2026 (99 %)."
            " What was asked for does not fit into the rest.",
        ),
        ("reached", "alice has spent $10.00 of $10.00 in November 2026 (100 %)."),
    ]


def test_a_limit_that_was_lowered_is_told_of_at_the_next_refusal(alice):
    spend(alice, 9, DAY)
    budget(10, alice)

    accounting.note_refused(account(alice))
    spend(alice, "0.01", DAY)

    assert kinds() == ["tight"]


def test_a_budget_too_small_for_anything_is_told_of(alice):
    budget("0.0001")

    accounting.note_refused(account(alice))

    assert noted() == [
        (
            "tight",
            "The whole site has spent $0.0000 of $0.00010 in November 2026 (0 %)."
            " What was asked for does not fit into the rest.",
        )
    ]


@pytest.mark.parametrize("is_held", [True, False])
def test_one_message_too_large_for_a_budget_that_is_mostly_free_is_not(alice, is_held):
    budget(10, alice)
    if is_held:
        accounting.reserve(account(alice), Decimal("9.99"))
    else:
        spend(alice, 1, DAY)

    accounting.note_refused(account(alice))

    assert noted() == []


def test_without_a_budget_no_refusal_is_told_of(alice):
    accounting.note_refused(account(alice))

    assert noted() == []


def test_the_door_notes_what_it_refuses(transactional_db, prices, alice, settings):
    settings.DEMO_MODE = False
    settings.DEFAULT_MODEL = "gpt-4o-mini"
    budget("0.000001", alice)
    talk = make_conversation(alice)

    wish = Wish("Hello", "5f0d7a52-2f5d-4b6a-9c57-0c8f5f0d7a52")
    with pytest.raises(OverBudget):
        admission.admit(alice, talk, wish)

    assert kinds() == ["tight"]
    assert talk.messages.count() == 0


def test_the_door_notes_nothing_where_less_would_fit(transactional_db, prices, alice):
    budget("0.0005", alice)
    talk = make_conversation(alice)

    with pytest.raises(OverBudget) as refused:
        admission.admit(alice, talk, Wish("Hello", "5f0d7a52-2f5d-4b6a-9c57-0c8f5f0d7a52"))

    assert refused.value.fits
    assert noted() == []


# --- unusual use ------------------------------------------------------------------------------------


def used_to(person, usd, days, last=DAY):
    """So much on each of so many days, every other one, before this day."""
    for number in range(1, days + 1):
        spend(person, usd, last - timedelta(days=2 * number))


def test_a_day_far_above_their_usual_is_noted_once(alice):
    used_to(alice, "0.5", 5)

    spend(alice, "2.5", DAY)
    assert noted() == []
    spend(alice, "1.5", DAY)
    spend(alice, "9", DAY)

    assert noted() == [
        (
            "unusual",
            "alice has spent $4.00 on 21 November 2026, 8 times the $0.5000 of their usual day.",
        )
    ]


def test_who_is_new_has_no_usual_day(alice):
    used_to(alice, "0.1", 4)

    spend(alice, 50, DAY)

    assert noted() == []


def test_a_day_that_costs_next_to_nothing_is_never_unusual(alice):
    used_to(alice, "0.001", 5)

    spend(alice, "0.99", DAY)
    assert noted() == []
    spend(alice, "0.01", DAY)

    assert kinds() == ["unusual"]


def test_days_without_any_use_do_not_make_the_usual_smaller(alice):
    used_to(alice, 2, 5, DAY - timedelta(days=300))

    spend(alice, 10, DAY)
    assert noted() == []
    spend(alice, "0.01", DAY)

    assert kinds() == ["unusual"]


def test_only_the_last_thirty_days_count(alice):
    used_to(alice, 100, 5, DAY - timedelta(days=100))
    used_to(alice, 1, 30)

    spend(alice, "5.01", DAY)

    assert kinds() == ["unusual"]


def test_the_factor_is_a_setting_and_nothing_switches_it_off(alice, settings):
    used_to(alice, 1, 5)

    settings.UNUSUAL_FACTOR = 0
    spend(alice, 50, DAY)
    assert noted() == []
    settings.UNUSUAL_FACTOR = 2.5
    spend(alice, 1, DAY)

    assert kinds() == ["unusual"]


def test_a_group_and_the_site_have_no_usual_day(alice, bob):
    group_of(alice, bob)
    used_to(alice, 1, 5)

    spend(bob, 50, DAY)

    assert noted() == []


def test_what_is_left_of_a_deleted_account_is_nobodys_day(alice):
    account = accounting.Account(None, (), DAY)
    book(None, user=None, cost=Decimal(50), day=DAY)

    accounting.note_spent(account)

    assert noted() == []
