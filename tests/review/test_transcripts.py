import json
import tracemalloc
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import FlagReason, Message, Role
from conversations.review import flags, notes, transcripts
from conversations.review.markdown import as_markdown
from conversations.review.transcripts import as_json, file_name
from tests.admin.ledger import book, make_talk
from tests.people import make_conversation, say

WRITERS = [as_json, as_markdown]


def parsed(talk, **wanted):
    return json.loads("".join(as_json(talk, **wanted)))


def test_the_messages_are_a_tree_with_their_calls(alice):
    talk = make_talk(alice, call={"cost": Decimal("0.0000003")})
    question, answer = talk.messages.in_order()
    other = say(talk, Role.ASSISTANT, "Five.", parent=question)

    written = parsed(talk)

    assert [
        (each["id"], each["number"], each["parent"], each["role"], each["is_shown"])
        for each in written["messages"]
    ] == [
        (str(question.pk), 1, None, "user", True),
        (str(answer.pk), 2, str(question.pk), "assistant", False),
        (str(other.pk), 3, str(question.pk), "assistant", True),
    ]
    [call] = written["messages"][1]["calls"]
    assert (call["cost"], call["price_input"], call["reserved"]) == ("0.0000003", "0.0025", None)
    assert (call["prompt_tokens"], call["is_estimated"]) == (100, False)
    assert written["conversation"]["totals"]["cost"] == "0.0000003"


def test_the_conversation_says_how_it_is_asked(alice):
    talk = make_conversation(alice, temperature=0.5, stop=["</END>"], json_schema={"a": 1})
    talk.system_message = say(talk, Role.SYSTEM, "Be brief.")
    book(None, talk, purpose="summary", cost=None)

    written = parsed(talk)

    asked = written["conversation"]["parameters"]
    assert (asked["temperature"], asked["stop"], asked["json_schema"]) == (
        0.5,
        ["</END>"],
        {"a": 1},
    )
    assert (written["conversation"]["owner"], written["conversation"]["model"]) == (
        "alice",
        "gpt-4o-mini",
    )
    assert [each["number"] for each in written["messages"]] == [None]
    assert [each["cost"] for each in written["calls_for_no_message"]] == [None]


def test_what_reviewers_left_comes_along_where_it_was_asked_for(alice, carol):
    talk = make_talk(alice)
    answer = talk.messages.get(role=Role.ASSISTANT)
    flags.raise_flag(talk, carol, FlagReason.WRONG, "Four.", answer)
    notes.write(talk, carol, "Asked them.")

    written = parsed(talk, flags=True, notes=True)

    [flag] = written["flags"]
    assert (flag["reason"], flag["words"], flag["message"]) == ("wrong", "Four.", str(answer.pk))
    assert [note["text"] for note in written["notes"]] == ["Asked them."]
    assert not {"flags", "notes"} & parsed(talk).keys()


def test_an_empty_conversation_is_whole(alice):
    written = parsed(make_conversation(alice))

    assert (written["messages"], written["calls_for_no_message"]) == ([], [])


def test_an_erased_one_keeps_its_money(alice):
    talk = make_talk(alice)
    talk.messages.all().delete()
    talk.refresh_from_db()

    assert [each["cost"] for each in parsed(talk)["calls_for_no_message"]] == ["0.001"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tea for two", "tea-for-two"),
        ("Thé à l'été", "the-a-lete"),
        ("../../etc/passwd", "etcpasswd"),
        ('a"\r\nSet-Cookie: x', "a-set-cookie-x"),
        ("お茶", "conversation"),
        ("", "conversation"),
        ("x" * 200, "x" * 40),
    ],
)
def test_a_file_has_a_name_of_plain_ascii(alice, title, name):
    talk = make_conversation(alice, title=title)

    assert file_name(talk, "md") == f"{name}-{talk.pk.hex[:8]}.md"


def long_talk(owner, messages, characters):
    talk = make_conversation(owner)
    above = None
    rows = []
    for number in range(messages):
        role = Role.ASSISTANT if number % 2 else Role.USER
        text = "a b\n" * (characters // 4)
        above = Message(
            conversation=talk, owner=owner, parent=above, role=role, origin="typed", text=text
        )
        rows.append(above)
    Message.objects.bulk_create(rows, batch_size=200)
    return talk


@pytest.mark.parametrize("write", WRITERS)
def test_a_long_conversation_is_written_in_little_memory(alice, write):
    talk = long_talk(alice, 10_000, 4_000)
    for _ in write(make_talk(alice)):  # what is made once
        pass

    tracemalloc.start()
    size = sum(len(piece) for piece in write(talk))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert size > 40_000_000
    assert peak < 8_000_000


@pytest.mark.parametrize("write", WRITERS)
def test_the_first_words_are_there_before_the_last_were_read(alice, write, monkeypatch):
    monkeypatch.setattr(transcripts, "MESSAGES_AT_ONCE", 2)
    talk = long_talk(alice, 20, 40)
    pieces = write(talk)

    with CaptureQueriesContext(connection) as first:
        while "a b" not in next(pieces):
            pass
    with CaptureQueriesContext(connection) as after:
        list(pieces)

    # With each some messages come their calls, by a query of their own.
    assert len(first) < len(after)


@pytest.mark.parametrize("write", WRITERS)
def test_no_record_of_a_context_is_read(alice, write):
    talk = make_talk(alice)
    book(None, talk)

    with CaptureQueriesContext(connection) as asked:
        list(write(talk))

    assert [query for query in asked if '"context",' in query["sql"]] == []
