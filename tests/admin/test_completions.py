from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Completion, Conversation
from tests.admin.ledger import ask, book, make_talk
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, choices, column, rows, words
from tests.people import make_person

# The first column is a box to select the row with.
STARTED, USER, CONVERSATION, PURPOSE, MODEL, COST, USAGE, PROMPT = range(8)
FINISH, ERROR, DURATION = range(11, 14)


def models(client, **query):
    return column(client.get(COMPLETIONS, query), MODEL)


def test_a_row_is_one_call(staff, alice):
    call = {
        "prompt_tokens": 1200,
        "cached_tokens": 900,
        "completion_tokens": 356,
        "reasoning_tokens": 56,
        "finish_reason": "length",
        "error": "cut_off",
        "duration_ms": 4200,
    }
    talk = make_talk(alice, call=call)
    Completion.objects.update(created_at=datetime(2026, 11, 3, 9, 5, tzinfo=UTC))

    response = staff.get(COMPLETIONS)
    [row] = rows(response)

    assert row[:COST] == ["Nov. 3, 2026, 9:05 a.m.", "alice", "Tea", "Answer", "gpt-4o-mini"]
    assert row[COST:PROMPT] == ["$0.0010", "actual"]
    assert row[PROMPT:FINISH] == ["1,200", "900", "356", "56"]
    assert row[FINISH:] == ["length", "cut_off", "4.2 s"]
    answer = talk.messages.get(role="assistant")
    assert f"{CONVERSATIONS}{talk.pk}/change/#message-{answer.pk}" in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"cost": None}, ["cost unknown", "actual"]),
        ({"cost": Decimal(0)}, ["$0.0000", "actual"]),
        ({"is_estimated": True}, ["$0.0010", "estimated"]),
        ({"ended_at": None, "cost": None, "is_estimated": True}, ["running", "estimated"]),
    ],
)
def test_a_cost_says_what_is_known_of_it(staff, fields, shown):
    book(None, **fields)

    assert [row[COST:PROMPT] for row in rows(staff.get(COMPLETIONS))] == [shown]


def test_a_call_outlives_its_conversation_and_its_person(staff, alice):
    make_talk(alice)
    Conversation.objects.all().delete()
    alice.delete()

    assert [row[USER : PURPOSE + 1] for row in rows(staff.get(COMPLETIONS))] == [
        ["-", "-", "Answer"]
    ]
    call = Completion.objects.get()
    assert staff.get(f"{COMPLETIONS}{call.pk}/change/").status_code == 200


def test_the_list_asks_as_often_for_five_rows_as_for_one(staff, alice, bob):
    make_talk(alice)

    def queries(**query):
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(COMPLETIONS, query).status_code == 200
        return len(asked)

    shapes = [{}, {"_facets": "True"}, {"q": "alice", "model": "gpt-4o-mini", "o": "3"}]
    once = [queries(**shape) for shape in shapes]
    for owner in (alice, bob, alice, bob):
        make_talk(owner, call={"model": "gpt-5", "error": "server"})

    assert [queries(**shape) for shape in shapes] == once


@pytest.mark.parametrize("index", range(1, 15))
def test_every_column_sorts(staff, alice, bob, index):
    make_talk(alice, title="A", call={"model": "a", "finish_reason": "length", "duration_ms": 1})
    more = {
        "model": "b",
        "cost": Decimal(1),
        "prompt_tokens": 101,
        "cached_tokens": 1,
        "completion_tokens": 21,
        "reasoning_tokens": 1,
        "is_estimated": True,
        "error": "server",
        "duration_ms": 2,
    }
    make_talk(bob, title="B", call=more)

    if index == 1 + PURPOSE:  # there is one purpose yet
        assert models(staff, o=str(index)) == ["b", "a"]
        return
    assert models(staff, o=str(index)) == ["a", "b"]
    assert models(staff, o=f"-{index}") == ["b", "a"]


def test_filters_narrow_the_ledger(staff, alice, bob):
    make_talk(alice, call={"model": "a", "finish_reason": "length", "day": date(2026, 3, 5)})
    make_talk(bob, call={"model": "b", "error": "server", "finish_reason": "stop"})
    make_talk(bob, call={"model": "c", "is_estimated": True})

    assert models(staff, user=str(alice.pk)) == ["a"]
    assert models(staff, model="b") == ["b"]
    assert models(staff, finish_reason="length") == ["a"]
    assert models(staff, error="server") == ["b"]
    assert models(staff, is_estimated__exact="1") == ["c"]
    assert models(staff, purpose__exact="answer") == ["c", "b", "a"]
    assert models(staff, day__gte="2026-03-01", day__lte="2026-03-31") == ["a"]


def test_counts_beside_the_filters(staff, alice, bob):
    make_talk(alice, call={"error": "server"})
    make_talk(bob)

    response = staff.get(COMPLETIONS, {"_facets": "True", "error": "server"})

    assert choices(response, "user") == [
        *("All", "alice (1)", "bob (0)", "(deleted accounts) (0)"),
    ]
    assert choices(response, "error") == ["All", "(any) (1)", "(none) (1)", "server (1)"]


@pytest.mark.parametrize("query", ["chatcmpl-7", "alice", "Darjeeling"])
def test_search_finds_ids_people_and_titles(staff, alice, bob, query):
    make_talk(alice, title="Darjeeling", call={"model": "a", "upstream_id": "chatcmpl-7"})
    make_talk(bob, call={"model": "b"})

    assert models(staff, q=query) == ["a"]


def test_without_the_right_to_read_conversations_no_title_is_seen_or_searched(staff_with, alice):
    talk = make_talk(alice, title="Darjeeling")
    client = staff_with("view_completion")

    response = client.get(COMPLETIONS)

    assert column(response, CONVERSATION) == [str(talk.pk)]
    assert b"Darjeeling" not in response.content
    assert models(client, q="Darjeeling") == []
    page = client.get(f"{COMPLETIONS}{talk.completions.get().pk}/change/")
    assert b"Darjeeling" not in page.content


def test_a_call_has_a_page_with_everything(staff, alice):
    talk = make_talk(
        alice,
        call={
            "cost": Decimal("0.0000003"),
            "error": "server",
            "error_detail": "502",
            "parameters": {"temperature": 0.7},
            "context": [{"role": "user", "state": "sent"}],
            "context_sha256": "ab" * 32,
            "upstream_model": "gpt-4o-mini-2024-07-18",
            "fingerprint": "fp_1",
            "first_token_ms": 600,
        },
    )

    shown = words(staff.get(f"{COMPLETIONS}{talk.completions.get().pk}/change/").content.decode())

    assert "Error in words: The provider failed (…)." in shown
    assert "Cost: $0.00000030 Cost, exact USD: 0.0000003" in shown
    assert "Time to first token: 0.6 s" in shown
    assert "Input: 0.0025 Cached input: 0.0025" in shown
    assert '"temperature": 0.7' in shown
    assert '"state": "sent"' in shown
    assert "ab" * 32 in shown
    assert "Upstream model: gpt-4o-mini-2024-07-18" in shown
    assert "Save" not in shown


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("groups__contains=1", 400), ("context__contains=a", 400), ("user__email=a", 400)),
        *(("upstream_id__startswith=%00", 302), ("purpose__exact=%00", 302)),
        *(("groups__contains=%00", 302), ("user=%00", 302), ("cost__startswith=%00", 302)),
    ],
)
def test_an_address_asks_by_the_filters_alone(staff, query, status):
    book(None)

    for page in (COMPLETIONS, f"{COMPLETIONS}export/"):
        assert staff.get(f"{page}?{query}").status_code == status


def test_the_button_exports_what_is_filtered(staff):
    html = staff.get(COMPLETIONS, {"model": "a", "p": "1", "_facets": "True"}).content.decode()

    assert f'href="{COMPLETIONS}export/?model=a"' in html


def test_the_right_to_see_the_ledger_is_the_right_to_take_it_away(staff_with):
    client = staff_with("view_completion")
    call = book(None)

    some = client.post(COMPLETIONS, {"action": "export_selected", "_selected_action": [call.pk]})
    every = client.get(f"{COMPLETIONS}export/")

    assert [each.headers["Content-Type"] for each in (some, every)] == [
        "text/csv; charset=utf-8",
        "text/csv; charset=utf-8",
    ]


def test_the_list_reads_no_record_of_a_context(staff):
    book(None)

    with CaptureQueriesContext(connection) as asked:
        staff.get(COMPLETIONS)

    assert [query for query in asked if '"context",' in query["sql"]] == []


def test_titles_and_names_of_any_kind_are_shown(staff):
    make_talk(make_person("مريم"), title=" ")
    ask(Conversation.objects.get(), ended_at=timezone.now())

    assert {tuple(row[USER:PURPOSE]) for row in rows(staff.get(COMPLETIONS))} == {
        ("مريم", "(no title)")
    }


def test_a_cost_above_its_worst_case_is_marked(staff):
    book(None, cost=Decimal("0.5"), reserved=Decimal("0.4"))
    book(None, cost=Decimal("0.4"), reserved=Decimal("0.4"))
    book(None, cost=None, reserved=Decimal("0.4"))

    shown = column(staff.get(COMPLETIONS), COST)

    assert shown == ["cost unknown", "$0.4000", "$0.5000, above its worst case"]
