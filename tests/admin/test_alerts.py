"""Alerts in the admin: told on its first page, listed, taken note of, and nothing more."""

from html import escape

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Alert
from tests.accounting.ledger import budget, each, group_of, spend
from tests.admin.pages import rows, words
from tests.people import make_person

ALERTS = "/admin/conversations/alert/"
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def alert(alice) -> Alert:
    budget(20, alice)
    spend(alice, 17)
    return Alert.objects.get()


def mark(client, *alerts):
    chosen = [str(alert.pk) for alert in alerts]
    return client.post(ALERTS, {"action": "mark_as_seen", "_selected_action": chosen}, follow=True)


def test_the_list_says_what_happened_and_who_has_seen_it(staff, alert):
    [row] = rows(staff.get(ALERTS))

    assert row[:2] == ["near its budget", alert.words]
    assert row[3:] == ["-", "-", "-"]


def test_marked_as_seen_it_says_by_whom(staff, alert, carol):
    response = mark(staff, alert)

    alert.refresh_from_db()
    assert alert.seen_by == carol
    assert "1 alert is marked as seen." in words(response.content.decode())
    assert rows(staff.get(ALERTS))[0][4] == "carol"


def test_whoever_was_first_has_seen_it(staff, alert, bob):
    mark(staff, alert)
    Alert.objects.update(seen_by=bob)

    response = mark(staff, alert)

    alert.refresh_from_db()
    assert alert.seen_by == bob
    assert "0 alerts are marked as seen." in words(response.content.decode())


def test_the_list_is_filtered_by_what_is_new(staff, alert, bob):
    mark(staff, alert)
    budget(10, bob)
    spend(bob, 10)

    found = {value: rows(staff.get(ALERTS, {"seen": value})) for value in ("no", "yes")}

    assert [row[0] for row in found["no"]] == ["budget used up"]
    assert [row[0] for row in found["yes"]] == ["near its budget"]


def test_the_list_asks_as_often_for_thirty_as_for_three(staff, django_assert_max_num_queries):
    each(10)
    for number in range(3):
        spend(make_person(f"person-{number}"), 9)
    mark(staff, *Alert.objects.all())
    with django_assert_max_num_queries(30) as asked:
        staff.get(ALERTS)
    once = len(asked)
    for number in range(3, 30):
        spend(make_person(f"person-{number}"), 9)
    mark(staff, *Alert.objects.all())

    with django_assert_max_num_queries(once):
        assert len(rows(staff.get(ALERTS))) == 30


def test_nobody_makes_changes_or_deletes_one(staff, alert):
    selected = {"action": "delete_selected", "_selected_action": [alert.pk], "post": "yes"}

    answers = [
        staff.get(f"{ALERTS}add/").status_code,
        staff.post(f"{ALERTS}{alert.pk}/change/", {"words": "Nothing"}).status_code,
        staff.post(f"{ALERTS}{alert.pk}/delete/", {"post": "yes"}).status_code,
    ]
    staff.post(ALERTS, selected)

    assert answers == [403, 403, 403]
    assert list(Alert.objects.values_list("words", flat=True)) == [alert.words]


def test_a_group_with_alerts_can_be_deleted(staff, alice):
    group = group_of(alice)
    budget(10, group)
    spend(alice, 9)

    response = staff.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert (Group.objects.count(), Alert.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("rights", "status", "is_seen"),
    [
        ((), 403, False),
        (("change_alert",), 200, True),
        (("view_alert",), 200, False),
        (("view_alert", "change_alert"), 200, True),
    ],
)
def test_seeing_and_taking_note_are_rights(staff_with, alert, rights, status, is_seen):
    client = staff_with(*rights)

    assert client.get(ALERTS).status_code == status
    mark(client, alert)
    alert.refresh_from_db()
    assert (alert.seen_at is not None) == is_seen


# --- the first page -------------------------------------------------------------------------------


def test_the_first_page_tells_what_is_new(staff, alert, bob):
    assert "1 new alert on budgets" in words(staff.get("/admin/").content.decode())

    budget(10, bob)
    spend(bob, 10)
    html = staff.get("/admin/").content.decode()

    assert "2 new alerts on budgets" in words(html)
    assert f'href="{ALERTS}?seen=no"' in html


def test_it_tells_nothing_where_nothing_is_new(staff, alert):
    mark(staff, alert)
    staff.get("/admin/")

    assert "new alert" not in staff.get("/admin/").content.decode()


def test_only_who_may_see_alerts_is_told(staff_with, alert):
    assert "new alert" not in staff_with("view_completion").get("/admin/").content.decode()


def test_it_costs_one_query_and_only_there(staff, alert):
    def asked(address):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            staff.get(address)
        counted = [
            query["sql"]
            for query in queries
            if "conversations_alert" in query["sql"] and "COUNT" in query["sql"]
        ]
        return len(counted)

    assert [asked("/admin/"), asked("/admin/auth/group/")] == [1, 0]


def test_names_are_escaped(staff):
    person = make_person(NASTY)
    each(10)
    spend(person, 9)

    html = staff.get(ALERTS).content.decode()

    assert (NASTY in html, escape(NASTY) in html) == (False, True)
