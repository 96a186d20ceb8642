"""More of a budget for once: by whom and why, in a log that nobody changes."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry

from conversations import accounting
from conversations.models import BudgetOverride
from tests.accounting.ledger import budget, each, spend
from tests.admin.pages import rows
from tests.admin.test_budgets import BUDGETS, OVERRIDES, more, page, this_month, told


def test_more_is_allowed_for_the_period_that_runs(staff, alice, carol):
    of = budget(20, alice)
    spend(alice, 20)

    response = staff.post(page(of, "allow"), more(), follow=True)

    made = BudgetOverride.objects.get()
    assert (made.budget, made.amount, made.begins, made.made_by) == (of, 5, this_month(), carol)
    assert (made.reason, made.made_by_name) == ("A long week", "carol")
    accounting.check(accounting.account_of(alice.pk), Decimal(5))
    assert "$5.00 more is allowed until it resets." in told(response)
    assert "$5.00 left with $5.00 more than the limit" in told(response)
    assert LogEntry.objects.get().get_change_message() == (
        f"Allowed 5 USD more from {this_month()}: A long week"
    )


def test_of_each_persons_it_is_for_one_of_them(staff, alice, bob):
    of = each(20)

    staff.post(page(of, "allow"), more(person="bob"))

    made = BudgetOverride.objects.get()
    assert (made.person, made.person_name) == (bob, "bob")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "0"}, "More than nothing."),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "999999"}, "At most $999,998.00."),
        ({"reason": " "}, "This field is required."),
        ({"reason": "x" * 301}, "at most 300 characters"),
        ({"person": ""}, "This field is required."),
        ({"person": "nobody"}, "Nobody has this username."),
        ({"person": "bob"}, "They have a budget of their own; allow more of that."),
        ({"begins": "2020-01-01"}, "A new period has begun meanwhile. Look again."),
    ],
)
def test_what_cannot_be_allowed_is_refused_in_words(staff, alice, bob, carol, changes, said):
    of = each(20)
    budget(10, bob)
    accounting.allow_more(of, Decimal(2), reason="x", by=carol, person=alice)

    response = staff.post(page(of, "allow"), more(person="alice") | changes)

    assert said in told(response)
    assert BudgetOverride.objects.count() == 1


@pytest.mark.parametrize("name", ["allow", "people"])
def test_one_that_is_gone_is_not_found(staff, name):
    assert staff.get(f"{BUDGETS}999/{name}/").status_code == 404


def test_a_shared_budget_has_no_list_of_people(staff):
    assert staff.get(page(budget(1), "people")).status_code == 404


# --- the log ------------------------------------------------------------------------------------


def test_nobody_changes_the_log(staff, alice, carol):
    made = accounting.allow_more(budget(20, alice), Decimal(5), reason="Why", by=carol)
    selected = {"action": "delete_selected", "_selected_action": [made.pk], "post": "yes"}

    answers = [
        staff.get(f"{OVERRIDES}add/").status_code,
        staff.post(f"{OVERRIDES}{made.pk}/change/", {"amount": "1"}).status_code,
        staff.post(f"{OVERRIDES}{made.pk}/delete/", {"post": "yes"}).status_code,
    ]
    staff.post(OVERRIDES, selected)

    assert answers == [403, 403, 403]
    kept = BudgetOverride.objects.get()
    assert (kept.amount, kept.reason) == (5, "Why")


def test_a_budgets_own_part_of_the_log_is_a_link_away(staff, alice, bob, carol):
    of = budget(20, alice)
    accounting.allow_more(of, Decimal(5), reason="Hers", by=carol)
    accounting.allow_more(budget(20, bob), Decimal(6), reason="His", by=carol)

    link = f"{OVERRIDES}?budget={of.pk}"

    assert f'href="{link}"' in staff.get(page(of)).content.decode()
    assert [row[-1] for row in rows(staff.get(link))] == ["Hers"]
