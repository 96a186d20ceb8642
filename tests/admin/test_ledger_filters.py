"""The ledger's filters, its bounded count and its search."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from conversations.admin import filters
from conversations.admin.ledger import filters as ledger_filters
from conversations.models import Completion
from tests.admin.ledger import book, make_talk
from tests.admin.pages import COMPLETIONS, choices, words
from tests.people import make_person


def models(staff, **query) -> str:
    """Of the calls that are listed, each named by a model of one letter."""
    response = staff.get(COMPLETIONS, query)
    assert response.status_code == 200
    return "".join(sorted(response.context["cl"].queryset.values_list("model", flat=True)))


def test_days_are_a_span_of_the_sites_calendar(staff):
    for day, model in enumerate("abcd", start=1):
        book(None, day=date(2026, 11, day), model=model)

    assert models(staff, day__gte="2026-11-02", day__lte="2026-11-03") == "bc"
    assert models(staff, day__gte="2026-11-03") == "cd"
    assert models(staff, day__lte="2026-11-01") == "a"


def test_a_span_of_days_is_said_beside_the_list(staff):
    span = {"day__gte": "2026-01-02", "day__lte": "2026-01-03"}

    assert choices(staff.get(COMPLETIONS, span), "day")[-1] == "from 2026-01-02 to 2026-01-03"
    assert choices(staff.get(COMPLETIONS), "day") == [
        *("Any day", "Today", "7 days", "This month", "Last month", "12 months")
    ]


def test_a_period_is_chosen_by_name(staff):
    today = timezone.localdate()
    book(None, day=today, model="a")
    book(None, day=today - timedelta(days=40), model="b")

    html = staff.get(COMPLETIONS).content.decode()

    assert f"?day__gte={today}&amp;day__lte={today}" in html
    assert models(staff, day__gte=str(today), day__lte=str(today)) == "a"


@pytest.mark.parametrize(
    "query", [{"day__gte": "soon"}, {"day__lte": "\x00"}, {"group": "x"}, {"counted_in": "1]"}]
)
def test_what_makes_no_sense_is_refused_politely(staff, query):
    response = staff.get(COMPLETIONS, query)

    assert (response.status_code, response.url) == (302, f"{COMPLETIONS}?e=1")


def test_calls_of_deleted_accounts_are_found(staff, alice):
    book(None, user=alice, model="a")
    book(None, user=None, model="b")

    assert models(staff, user=filters.NOBODY) == "b"
    assert models(staff, user=str(alice.pk)) == "a"


def test_the_chosen_person_is_offered_whoever_signed_in_since(staff, alice, monkeypatch):
    monkeypatch.setattr(filters, "MOST", 1)
    book(None, user=alice)
    book(None, user=make_person("zoe", last_login=timezone.now()))

    assert choices(staff.get(COMPLETIONS), "user") == ["All", "zoe", "(deleted accounts)"]
    offered = choices(staff.get(COMPLETIONS, {"user": alice.pk}), "user")
    assert offered == ["All", "zoe", "alice", "(deleted accounts)"]


def test_a_group_is_that_of_now_or_that_of_the_moment(staff, alice, bob):
    one, eleven = Group.objects.create(pk=1, name="one"), Group.objects.create(pk=11, name="eleven")
    alice.groups.add(one)
    book(None, user=alice, groups=[], model="a")
    book(None, user=bob, groups=[one.pk], model="b")
    book(None, user=bob, groups=[eleven.pk, one.pk], model="c")
    book(None, user=bob, groups=[eleven.pk], model="d")

    assert models(staff, group=one.pk) == "a"
    assert models(staff, counted_in=one.pk) == "bc"
    assert models(staff, counted_in=eleven.pk) == "cd"
    assert choices(staff.get(COMPLETIONS), "group at the time") == []


def test_some_models_are_left_out(staff):
    for model in "abc":
        book(None, model=model)

    assert models(staff, not_model=["a", "c"]) == "b"
    response = staff.get(COMPLETIONS, {"not_model": ["a", "c"]})
    assert choices(response, "model is not") == ["All", "a, c"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "running"}, "r"),
        ({"state": "ended"}, "cetu"),
        ({"error": "any"}, "e"),
        ({"priced": "no"}, "u"),
        ({"priced": "yes"}, "cet"),
        ({"tokens": "cached"}, "c"),
        ({"tokens": "told"}, "ceu"),
    ],
)
def test_calls_by_how_they_went(staff, query, found):
    book(None, model="c", cached_tokens=1)
    book(None, model="e", error="server")
    book(None, model="t", is_estimated=True)
    book(None, model="u", cost=None)
    Completion.objects.create(model="r")

    assert models(staff, **query) == found


def test_a_list_counts_no_further_than_it_has_pages_for(staff, monkeypatch):
    monkeypatch.setattr(ledger_filters, "MOST_COUNTED", 3)
    for _ in range(3):
        book(None)
    whole = staff.get(COMPLETIONS, {"_facets": "True"})
    book(None)
    cut_off = staff.get(COMPLETIONS, {"_facets": "True"})

    warning = "There are more calls than these pages show."
    assert warning not in whole.content.decode()
    assert warning in cut_off.content.decode()
    assert choices(whole, "state") == ["All", "Ended (3)", "Running (0)"]
    assert choices(cut_off, "state") == ["All", "Ended", "Running"]
    assert cut_off.context["cl"].result_count == 3


def test_search_takes_an_id_whole_and_a_part_of_a_name(staff, alice, bob):
    make_talk(alice, title="Green tea", call={"model": "a", "upstream_id": "chatcmpl-7"})
    make_talk(bob, title="Black tea", call={"model": "b", "upstream_id": "chatcmpl-77"})

    assert models(staff, q="chatcmpl-7") == "a"
    assert models(staff, q="chatcmpl") == ""
    assert models(staff, q="LIC") == "a"
    assert models(staff, q="tea") == "ab"
    assert models(staff, q="tea bob") == "b"
    assert models(staff, q='"green tea"') == "a"
    assert "whole" in words(staff.get(COMPLETIONS).content.decode())


def test_titles_are_sought_only_for_who_may_read_them(staff_with, alice):
    make_talk(alice, title="Green tea", call={"model": "a"})
    client = staff_with("view_completion")

    assert models(client, q="green") == ""
    assert models(client, q="alice") == "a"
