"""Budgets in the admin: set, seen, and more of one for once, which is logged for good."""

from datetime import date, timedelta
from decimal import Decimal
from html import escape

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.dateformat import format as date_format

from conversations import accounting
from conversations.models import Budget, BudgetOverride
from tests.accounting.ledger import budget, each, group_of, spend
from tests.admin.pages import rows, words
from tests.people import make_person

BUDGETS = "/admin/conversations/budget/"
OVERRIDES = "/admin/conversations/budgetoverride/"
NASTY = "<script>alert(1)</script>"


def page(of, name="change") -> str:
    return f"{BUDGETS}{of.pk}/{name}/"


def typed(**changes):
    return {"scope": "site", "person": "", "group": "", "period": "month", "limit": "20"} | changes


def told(response) -> str:
    return words(response.content.decode())


def this_month() -> date:
    return timezone.localdate().replace(day=1)


def more(**changes):
    return {"amount": "5", "reason": "A long week", "begins": str(this_month())} | changes


# --- the list ----------------------------------------------------------------------------------


def test_the_list_says_how_far_each_is_used_up(staff, alice, bob):
    group = group_of(alice, bob)
    budget(100)
    budget(9, group)
    budget(10, alice)
    accounting.allow_more(budget(4, bob), Decimal(1), reason="x", by=alice)
    accounting.reserve(accounting.account_of(alice.pk), Decimal(1))
    spend(alice, 8)
    spend(bob, 1)

    found = {row[0]: row[2:7] for row in rows(staff.get(BUDGETS))}

    assert found == {
        "the whole site": ["$100.00", "$9.00", "$1.00", "$90.00", "ok (9 %)"],
        "group Team": ["$9.00", "$9.00", "$1.00", "$0.0000", "used up (100 %)"],
        "alice": ["$10.00", "$8.00", "$1.00", "$1.00", "near (80 %)"],
        "bob": ["$4.00 + $1.00 for now", "$1.00", "$0.0000", "$4.00", "ok (20 %)"],
    }


def test_one_for_each_person_says_how_many_are_near(staff, alice, bob):
    of = each(10)
    spend(alice, 9)
    spend(bob, 10)

    response = staff.get(BUDGETS)

    [row] = rows(response)
    assert row[:7] == [
        *("each person", "a month", "$10.00", "-", "-", "-"),
        "1 near it, 1 used up, of 2",
    ]
    assert f'href="{page(of, "people")}"' in response.content.decode()


def test_it_says_when_each_resets(staff):
    budget(1, period="day")

    [row] = rows(staff.get(BUDGETS))

    tomorrow = timezone.localdate() + timedelta(days=1)
    assert row[7] == date_format(tomorrow, "N j, Y")


def test_the_list_asks_as_often_for_thirty_as_for_three(
    staff, alice, django_assert_max_num_queries
):
    each(10)
    each(1, "day")
    for number in range(3):
        spend(_with_budgets(number), 1)
    staff.get(BUDGETS)
    with django_assert_max_num_queries(30) as asked:
        staff.get(BUDGETS)
    once = len(asked)
    for number in range(3, 30):
        spend(_with_budgets(number), 1)

    with django_assert_max_num_queries(once):
        assert len(rows(staff.get(BUDGETS))) == 62


def _with_budgets(number):
    person = make_person(f"person-{number}")
    budget(10, person)
    budget(10, group_of(person, name=f"group-{number}"))
    return person


# --- setting one -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scope": "each", "period": "day", "limit": "0"},
        {"scope": "person", "person": "alice", "limit": "0.000000000001"},
        {"scope": "group", "group": "the group"},
    ],
)
def test_a_budget_is_set(staff, alice, changes):
    group = group_of(alice)
    if "group" in changes:
        changes = {**changes, "group": str(group.pk)}

    response = staff.post(f"{BUDGETS}add/", typed(**changes))

    made = Budget.objects.get()
    assert response.status_code == 302
    assert (made.scope, made.period, made.limit) == (
        changes.get("scope", "site"),
        changes.get("period", "month"),
        Decimal(changes.get("limit", "20")),
    )
    assert (made.person, made.group) == (
        alice if "person" in changes else None,
        group if "group" in changes else None,
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scope": "person"}, "Name the person or the group that it is for, or neither."),
        ({"scope": "group"}, "Name the person or the group that it is for, or neither."),
        ({"person": "alice"}, "Name the person or the group that it is for, or neither."),
        ({"scope": "person", "person": "nobody"}, "Nobody has this username."),
        ({"scope": "person", "person": "a\0"}, "Null characters are not allowed."),
        ({"limit": "-1"}, "greater than or equal to 0"),
        ({"limit": ""}, "This field is required."),
        ({"limit": "1000000.01"}, "At most $1,000,000.00."),
        ({"limit": "NaN"}, "Enter a number."),
        ({"limit": "0.0000000000001"}, "no more than 12 decimal places"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(staff, alice, changes, said):
    response = staff.post(f"{BUDGETS}add/", typed(**changes))

    assert said in told(response)
    assert Budget.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "There is one already; change that."),
        ({"scope": "person", "person": "alice"}, "This person has one already; change that."),
        ({"scope": "group"}, "This group has one already; change that."),
    ],
)
def test_a_second_one_of_the_same_is_refused(staff, alice, changes, said):
    group = group_of(alice)
    for subject in (None, alice, group):
        budget(1, subject)
    if changes.get("scope") == "group":
        changes = {**changes, "group": str(group.pk)}

    response = staff.post(f"{BUDGETS}add/", typed(**changes))

    assert said in told(response)
    assert Budget.objects.count() == 3


def test_a_changed_limit_is_in_its_history(staff, alice):
    of = budget("20.5", alice)

    staff.post(page(of), {"limit": "30", "scope": "site", "person": "", "period": "day"})

    of.refresh_from_db()
    assert (of.scope, of.person, of.period, of.limit) == ("person", alice, "month", 30)
    entry = LogEntry.objects.get()
    assert entry.get_change_message() == "Limit changed from 20.5 to 30 USD."
    assert "Limit changed from 20.5 to 30 USD." in told(staff.get(page(of, "history")))


def test_its_page_says_where_it_stands(staff, alice):
    of = budget(20, alice)
    spend(alice, 17)

    shown = told(staff.get(page(of)))

    assert "$17.00 spent, $0.0000 held back, $3.00 left: near." in shown


def test_a_deleted_budget_leaves_the_log(staff, alice, carol):
    of = budget(20, alice)
    accounting.allow_more(of, Decimal(5), reason="A long week", by=carol)

    assert staff.post(page(of, "delete"), {"post": "yes"}).status_code == 302

    [row] = rows(staff.get(OVERRIDES))
    assert row[1:5] == ["carol", "alice, a month", "-", "5"]


# --- people ------------------------------------------------------------------------------------


def test_people_are_listed_by_what_they_spent(staff, alice, bob):
    of = each(10)
    spend(alice, 9)
    spend(bob, 10)

    assert rows(staff.get(page(of, "people"))) == [
        ["bob", "$10.00", "$0.0000", "$0.0000", "$10.00", "used up (100 %)", "Allow more"],
        ["alice", "$9.00", "$0.0000", "$1.00", "$10.00", "near (90 %)", "Allow more"],
    ]
    near = rows(staff.get(page(of, "people"), {"state": "near"}))
    assert [row[0] for row in near] == ["alice"]
    assert len(rows(staff.get(page(of, "people"), {"state": "x", "p": "y"}))) == 2


def test_the_list_of_people_asks_as_often_for_thirty_as_for_three(
    staff, django_assert_max_num_queries
):
    of = each(10)
    for number in range(3):
        spend(make_person(f"person-{number}"), 1)
    with django_assert_max_num_queries(30) as asked:
        staff.get(page(of, "people"))
    once = len(asked)
    for number in range(3, 30):
        spend(make_person(f"person-{number}"), 1)

    with django_assert_max_num_queries(once):
        assert len(rows(staff.get(page(of, "people")))) == 30


def test_allowing_somebody_more_begins_with_their_name(staff):
    person = make_person("a+b@example.org")
    of = each(10)
    spend(person, 9)

    html = staff.get(page(of, "people")).content.decode()
    link = html.partition(f'href="{page(of, "allow")}')[2].partition('"')[0]

    form = staff.get(page(of, "allow") + link).content.decode()
    assert 'name="person" value="a+b@example.org"' in form


# --- who may do what ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        ((), [403, 403, 403, 403, 403]),
        (("view_budget",), [200, 403, 200, 403, 403]),
        (("add_budgetoverride",), [403, 403, 403, 403, 403]),
        (("view_budget", "add_budgetoverride"), [200, 403, 200, 200, 403]),
        (("view_budgetoverride",), [403, 403, 403, 403, 200]),
        (("view_budget", "add_budget"), [200, 200, 200, 403, 403]),
        (("change_budget",), [200, 403, 200, 403, 403]),
    ],
)
def test_every_page_has_its_right(staff_with, rights, expected):
    of = each(10)
    client = staff_with(*rights)

    pages = [BUDGETS, f"{BUDGETS}add/", page(of, "people"), page(of, "allow"), OVERRIDES]

    assert [client.get(address).status_code for address in pages] == expected


@pytest.mark.parametrize(
    ("rights", "status"),
    [(("view_budget", "change_budget"), 403), (("view_budget", "add_budgetoverride"), 302)],
)
def test_who_may_change_a_budget_may_not_override_it_for_that(staff_with, alice, rights, status):
    of = budget(20, alice)

    response = staff_with(*rights).post(page(of, "allow"), more())

    assert (response.status_code, BudgetOverride.objects.count()) == (status, status == 302)


def test_who_may_only_look_changes_nothing(staff_with):
    of = budget(20)
    client = staff_with("view_budget")

    assert client.post(page(of), {"limit": "99"}).status_code == 403
    assert "Allow more" not in told(client.get(page(of)))
    assert "Overrides" not in told(client.get(page(of)))


def test_what_people_wrote_is_escaped(staff, carol):
    person = make_person(NASTY)
    group = group_of(person, name=NASTY)
    of, own, shared = each(10), budget(5, person, "day"), budget(5, group)
    accounting.allow_more(of, Decimal(1), reason=NASTY, by=person, person=person)
    spend(person, 9)

    for address in (
        *(BUDGETS, OVERRIDES, page(of, "people"), page(own), page(shared), page(own, "allow")),
        f"{page(of, 'allow')}?person={NASTY}",
    ):
        html = staff.get(address).content.decode()

        assert (NASTY in html, escape(NASTY) in html) == (False, True)
