from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.staticfiles.finders import find
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.admin.review.conversations import STYLES
from conversations.models import Conversation, FlagReason, Role
from conversations.review import flags
from tests.admin.ledger import ask, book, make_talk
from tests.admin.pages import CONVERSATIONS, choices, column, rows, words
from tests.people import make_conversation, say

TITLE, USER, MODEL, TURNS, PROMPT, COMPLETION, TOTAL, COST, FLAGS, ACTIVITY = range(10)


def titles(client, **query):
    return column(client.get(CONVERSATIONS, query), TITLE)


# --- the list ------------------------------------------------------------------------------------


def test_a_row_says_who_talked_with_what_at_what_cost(staff, alice):
    talk = make_talk(alice, call={"prompt_tokens": 1200, "completion_tokens": 34})
    at = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)
    Conversation.objects.filter(pk=talk.pk).update(active_at=at)

    [row] = rows(staff.get(CONVERSATIONS))

    assert row[:TURNS] == ["Tea", "alice", "gpt-4o-mini"]
    assert row[TURNS:COST] == ["1", "1,200", "34", "1,234"]
    assert row[COST:] == ["$0.0010", "-", "Nov. 3, 2026, 9:05 a.m."]


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([], "$0.0000"),
        ([Decimal("0.001")], "$0.0010"),
        ([Decimal("0.001"), None], "$0.0010 + 1 unknown"),
        ([None, None], "cost unknown"),
        ([Decimal(0), None], "$0.0000 + 1 unknown"),
    ],
)
def test_a_cost_that_is_not_known_is_said_to_be_unknown(staff, alice, costs, said):
    talk = make_conversation(alice)
    for cost in costs:
        ask(talk, cost=cost)

    assert column(staff.get(CONVERSATIONS), COST) == [said]


def test_turns_are_the_messages_of_the_person_in_every_version(staff, alice):
    talk = make_conversation(alice)
    first = say(talk, Role.USER, "One")
    say(talk, Role.ASSISTANT, "Yes")
    talk.current_leaf = None
    say(talk, Role.USER, "One, again")
    say(talk, Role.SYSTEM, "Be brief")
    say(talk, Role.USER, "Two", parent=first)

    assert column(staff.get(CONVERSATIONS), TURNS) == ["3"]


def test_a_deleted_conversation_is_listed_and_marked(staff, alice):
    make_conversation(alice, deleted_at=timezone.now())

    assert titles(staff) == ["Tea (deleted)"]


def test_a_long_title_is_cut_and_an_empty_one_named(staff, alice):
    make_conversation(alice, title="Tea " * 40)
    make_conversation(alice, title=" ")

    assert titles(staff) == ["(no title)", "Tea " * 19 + "Tea…"]


# The first column is a box to select the row with.
@pytest.mark.parametrize("index", [*range(1, 11)])
def test_every_column_sorts(staff, alice, bob, index):
    now = timezone.now()
    small = make_conversation(alice, title="A", model="gpt-4o")
    large = make_conversation(bob, title="B", model="gpt-5")
    ask(small, prompt_tokens=1, completion_tokens=1, cost=Decimal("0.000001"))
    ask(large, prompt_tokens=2, completion_tokens=2, cost=Decimal("0.1"))
    ask(large)
    flags.raise_flag(large, bob, FlagReason.COST)
    Conversation.objects.filter(title="A").update(active_at=now - timedelta(hours=1))

    assert titles(staff, o=str(index)) == ["A", "B"]
    assert titles(staff, o=f"-{index}") == ["B", "A"]


def test_the_newest_activity_comes_first(staff, alice):
    old = make_conversation(alice, title="Old")
    make_conversation(alice, title="New")
    Conversation.objects.filter(pk=old.pk).update(active_at=timezone.now() - timedelta(days=1))

    assert titles(staff) == ["New", "Old"]


def queries(client, **query):
    with CaptureQueriesContext(connection) as asked:
        assert client.get(CONVERSATIONS, query).status_code == 200
    return len(asked)


def test_the_list_asks_as_often_for_five_rows_as_for_one(staff, alice, bob):
    flags.raise_flag(make_talk(alice), bob, FlagReason.COST)
    once = queries(staff)
    with_facets = queries(staff, _facets="True")
    found = queries(staff, q="tea", finish_reason="stop", deleted="no")

    for owner in (alice, bob, alice, bob):
        make_talk(owner, call={"model": "gpt-5", "finish_reason": "length", "error": "server"})

    assert queries(staff) == once
    assert queries(staff, _facets="True") == with_facets
    assert queries(staff, q="tea", finish_reason="stop", deleted="no") == found


# --- search and filters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Coffee", "Tea"]),
        ("coffee", ["Coffee"]),
        ("ALICE", ["Tea"]),
        ("darjeeling", ["Tea"]),
        ("alice darjeeling", ["Tea"]),
        ("bob darjeeling", []),
        ('"green darjeeling"', []),
        ('"darjeeling, please"', ["Tea"]),
        ("minutes", ["Coffee", "Tea"]),
        ("100%", []),
        ("\x00", ["Coffee", "Tea"]),
        ("'", []),
    ],
)
def test_search_finds_titles_people_and_what_was_said(staff, alice, bob, query, found):
    talk = make_talk(alice, "A green tea or a darjeeling, please")
    ask(talk, "Another darjeeling")
    make_talk(bob, title="Coffee")

    assert titles(staff, q=query) == found


def test_a_conversation_is_found_by_every_model_that_was_called_in_it(staff, alice, bob):
    talk = make_talk(alice, title="A", model="now", call={"model": "first"})
    ask(talk, model="second")
    make_talk(bob, title="B", model="now", call={"model": "second"})

    assert choices(staff.get(CONVERSATIONS), "model") == ["All", "first", "second"]
    assert [titles(staff, model=each) for each in ("first", "second", "now")] == [
        ["A"],
        ["B", "A"],
        ["B", "A"],
    ]


def test_filters_narrow_the_list(staff, alice, bob):
    make_talk(alice, title="A", call={"finish_reason": "length"})
    make_talk(bob, title="B", model="gpt-5", call={"error": "server", "finish_reason": ""})
    make_talk(bob, title="C", deleted_at=timezone.now())

    assert titles(staff, user=str(alice.pk)) == ["A"]
    assert titles(staff, model="gpt-5") == ["B"]
    assert titles(staff, finish_reason="length") == ["A"]
    assert titles(staff, finish_reason="") == ["B"]
    assert titles(staff, error="server") == ["B"]
    assert titles(staff, deleted="yes") == ["C (deleted)"]
    assert titles(staff, deleted="no") == ["B", "A"]


def test_a_finish_reason_may_be_that_of_any_call(staff, alice):
    talk = make_talk(alice, call={"finish_reason": "length"})
    ask(talk, finish_reason="stop")
    ask(talk, finish_reason="stop")

    assert titles(staff, finish_reason="length") == titles(staff, finish_reason="stop") == ["Tea"]


def test_a_day_narrows_the_list(staff, alice):
    old = make_conversation(alice, title="Old")
    make_conversation(alice, title="New")
    Conversation.objects.filter(pk=old.pk).update(active_at=datetime(2026, 3, 5, 12, tzinfo=UTC))

    day = {"active_at__year": "2026", "active_at__month": "3", "active_at__day": "5"}

    assert titles(staff, **day) == ["Old"]


def test_counts_beside_the_filters_are_those_of_the_lists_they_lead_to(staff, alice, bob):
    make_talk(alice)
    make_talk(bob, call={"finish_reason": "length"})
    talk = make_talk(bob)
    ask(talk, finish_reason="length")

    response = staff.get(CONVERSATIONS, {"_facets": "True", "q": "tea"})

    assert choices(response, "user") == ["All", "alice (1)", "bob (2)"]
    assert choices(response, "finish reason") == ["All", "length (2)", "stop (2)"]
    assert choices(response, "deleted") == ["All", "No (3)", "Yes (0)"]


# --- one conversation ----------------------------------------------------------------------------


def page(client, talk):
    return client.get(f"{CONVERSATIONS}{talk.pk}/change/")


def test_a_transcript_is_read_like_the_chat(staff, alice):
    talk = make_talk(alice, "How <long>?")

    html = page(staff, talk).content.decode()

    assert "How &lt;long&gt;?" in html
    assert '<div class="prose"><p>Three minutes.</p></div>' in html
    assert html.index("How &lt;long") < html.index("Three minutes.")


def test_the_system_message_comes_first_and_earlier_ones_can_be_read(staff, alice):
    talk = make_talk(alice)
    for text in ("Old rules", "New rules"):
        talk.system_message = say(talk, Role.SYSTEM, text, parent=talk.current_leaf)
    talk.current_leaf = talk.messages.get(role=Role.ASSISTANT)
    talk.save()

    shown = words(page(staff, talk).content.decode())

    assert shown.index("New rules") < shown.index("Earlier system messages (1)")
    assert shown.index("Old rules") < shown.index("How long?")


def test_a_call_shows_what_it_took_and_how_it_ended(staff, alice):
    call = {
        "prompt_tokens": 1200,
        "cached_tokens": 900,
        "completion_tokens": 356,
        "reasoning_tokens": 56,
        "duration_ms": 4200,
        "first_token_ms": 600,
        "finish_reason": "length",
        "upstream_id": "chatcmpl-1",
        "fingerprint": "fp_1",
        "parameters": {"model": "gpt-4o-mini", "max_tokens": 356},
    }
    talk = make_talk(alice, call=call)

    shown = words(page(staff, talk).content.decode())

    assert (
        "1,200 in (900 cached) · 356 out (56 reasoning) · $0.0010 · actual · finish reason length "
        "· 4.2 s · first token after 0.6 s"
    ) in shown
    assert "Stopped at the 356-token limit." in shown
    assert "Upstream id chatcmpl-1 Fingerprint fp_1" in shown
    assert '"max_tokens": 356' in shown


def test_a_failed_call_shows_its_error_in_words(staff, alice):
    talk = make_conversation(alice)
    say(talk, Role.USER, "Hello?")
    answer = say(talk, Role.ASSISTANT, "", status="failed")
    book(answer, error="server", error_detail="502", finish_reason="", cost=None)

    shown = words(page(staff, talk).content.decode())

    assert "The provider failed (502)." in shown
    assert "cost unknown · actual" in shown


def test_stopped_by_the_person_does_not_speak_to_the_reviewer(staff, alice):
    talk = make_conversation(alice)
    say(talk, Role.ASSISTANT, "Three", status="stopped")

    shown = words(page(staff, talk).content.decode())

    assert ("Stopped by the person." in shown, "Stopped by you" in shown) == (True, False)


def test_another_version_stands_with_its_turn(staff, alice):
    talk = make_talk(alice)
    question = talk.messages.get(role=Role.USER)
    ask_again = say(talk, Role.ASSISTANT, "Five.", parent=question, html="<p>Five.</p>")
    book(ask_again)

    shown = words(page(staff, talk).content.decode())

    assert shown.index("Five.") < shown.index("Version 1 of 2 (not shown now)")
    assert shown.index("(not shown now)") < shown.index("Three minutes.")


def test_totals_stand_beside_it_by_model_where_there_are_several(staff, alice):
    talk = make_talk(alice)
    ask(talk, model="local", cost=None)

    shown = words(page(staff, talk).content.decode())

    assert "Calls 2 Prompt tokens 200 Completion tokens 40 Total tokens 240" in shown
    assert "Cost $0.0010 + 1 unknown" in shown
    assert "gpt-4o-mini 1 call · 100 in · 20 out · $0.0010" in shown
    assert "local 1 call · 100 in · 20 out · cost unknown" in shown


def test_only_ones_own_conversation_opens_in_the_chat(staff, alice, carol):
    own, foreign = make_talk(carol), make_talk(alice)
    deleted = make_talk(carol, deleted_at=timezone.now())

    opens = [b"Open in chat" in page(staff, talk).content for talk in (own, foreign, deleted)]

    assert opens == [True, False, False]


def test_a_page_asks_as_often_for_ten_turns_as_for_one(staff, alice):
    talk = make_talk(alice)

    def queries_of_page():
        with CaptureQueriesContext(connection) as asked:
            page(staff, talk)
        return len(asked)

    page(staff, talk)
    once = queries_of_page()
    for _ in range(9):
        ask(talk)

    assert queries_of_page() == once


def test_a_running_answer_shows_what_has_arrived(staff, alice):
    talk = make_conversation(alice)
    say(talk, Role.ASSISTANT, "Three min", status="streaming")

    shown = words(page(staff, talk).content.decode())

    assert "Streaming Three min" in shown


def test_a_way_into_the_ledger_is_shown_to_who_may_go_there(staff_with, alice):
    talk = make_talk(alice)

    client = staff_with("view_conversation", "view_transcript")

    assert b"This call in the ledger" not in page(client, talk).content


def test_every_stylesheet_is_there():
    assert [name for name in STYLES if not find(f"css/{name}.css")] == []


def test_an_unknown_conversation_leads_back_to_the_list(staff):
    response = staff.get(f"{CONVERSATIONS}3f1c1c2e-0000-4000-8000-000000000000/change/")

    assert (response.status_code, response.url) == (302, "/admin/")
