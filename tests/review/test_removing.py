"""What was said goes; what it cost stays, and says of itself that the words are gone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations import accounting, search
from conversations.errors import InvalidInput
from conversations.models import Completion, Conversation, Message, Role, Status
from conversations.review import removing
from conversations.review.removing import REMOVED, Outcome, due, remove
from conversations.seen import seen_call
from conversations.threads import branch_off, tree, write
from tests.admin.ledger import book, make_talk
from tests.people import make_conversation, say
from tests.review.planted import WORD, figures, places_of, plant

ALL = Conversation.objects.all()


@pytest.fixture
def talk(alice):
    return plant(alice, deleted_at=timezone.now())


def taken(talk) -> Outcome:
    return remove(talk.pk, ALL)


def test_no_word_is_left_anywhere_in_the_database(talk):
    before = places_of()

    outcome = taken(talk)
    search.compact()

    assert (outcome, places_of()) == (Outcome.REMOVED, set())
    table = "conversations_"
    assert {
        *(f"{table}message.{name}" for name in ("text", "reasoning", "html", "format_problem")),
        *(f"{table}conversation.{name}" for name in ("title", "stop", "json_schema")),
        *(f"{table}completion.{name}" for name in ("context", "parameters")),
        *(f"{table}completion.{name}" for name in ("context_note", "error_detail")),
        *(f"{table}flag.{name}" for name in ("words", "outcome")),
        *(f"{table}summary.text", f"{table}note.text"),
    } <= before


def test_every_figure_stays_as_it_was(talk, bob):
    make_talk(bob)
    before = figures()

    taken(talk)

    assert figures() == before
    assert accounting.audit() == []
    assert Completion.objects.filter(conversation=talk).count() == 2


def test_the_index_forgets_the_words_and_finds_all_others(talk, alice):
    other = make_talk(alice, question="Where is the kettle?")
    taken(talk)

    search.compact()

    said = Message.objects.filter(owner=alice)
    assert search.find(WORD, said, 9) == []
    assert [each.conversation for each in search.find("kettle", said, 9)] == [other]


@pytest.mark.sqlite
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL sweeps by itself")
def test_until_then_sqlites_index_still_holds_them(talk):
    taken(talk)

    assert places_of() == {"conversations_search_data.block"}


def test_what_the_model_saw_still_opens_and_says_that_the_words_were_removed(talk):
    call = talk.completions.get(purpose="answer")
    recorded = [
        (entry["length"], entry["sha256"], entry["tokens"], entry["state"])
        for entry in call.context
    ]

    taken(talk)

    call.refresh_from_db()
    shown = seen_call(call)
    assert [(line.text, line.problem) for line in shown.seen.lines] == [
        (None, "Removed with the chat's content."),
        (None, "Removed with the chat's content."),
    ]
    assert shown.proof.words == (
        "The chat's content was removed: lengths, hashes and tokens are as they were recorded."
    )
    assert recorded == [
        (entry["length"], entry["sha256"], entry["tokens"], entry["state"])
        for entry in call.context
    ]


def test_parameters_keep_what_is_no_word(talk):
    taken(talk)

    assert talk.completions.get(purpose="answer").parameters == {
        "model": "m",
        "max_tokens": 9,
        "stop": [REMOVED],
        "response_format": {"type": "json_schema", "json_schema": REMOVED},
    }


def test_its_row_says_when_and_holds_no_link_to_words(talk):
    deleted_at = talk.deleted_at

    taken(talk)

    talk.refresh_from_db()
    assert (talk.title, talk.stop, talk.json_schema, talk.preset) == ("", [], None, None)
    assert (talk.deleted_at, talk.erased_at > deleted_at) == (deleted_at, True)


def test_a_chat_that_was_branched_from_it_keeps_all(talk):
    branch = branch_off(talk, talk.current_leaf)
    before = list(branch.messages.in_order().values_list("role", "text", "html"))

    taken(talk)

    assert list(branch.messages.in_order().values_list("role", "text", "html")) == before
    assert tree(branch).path_to(branch.current_leaf_id)[-1] == branch.current_leaf_id


def test_one_that_broke_off_is_finished_by_the_next_run(talk, settings, monkeypatch):
    settings.KEEP_DELETED_DAYS = 0
    with monkeypatch.context() as broken:
        broken.setattr(removing, "blank_calls", lambda calls: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            taken(talk)
    assert not talk.messages.exists()
    assert list(due()) == [talk]

    taken(talk)

    search.compact()
    assert (list(due()), places_of()) == ([], set())


@pytest.mark.parametrize("status", [Status.QUEUED, Status.STREAMING])
def test_while_an_answer_is_written_nothing_is_removed(talk, status):
    say(talk, Role.ASSISTANT, "", status=status)

    assert taken(talk) == Outcome.BUSY
    assert f"{WORD}?" in talk.messages.get(role=Role.USER).text


def test_while_a_call_is_under_way_nothing_is_removed(talk):
    book(None, talk, ended_at=None, cost=None, purpose="summary")

    assert taken(talk) == Outcome.BUSY


def test_a_chat_that_was_brought_back_meanwhile_is_kept(talk, settings):
    settings.KEEP_DELETED_DAYS = 0
    found = due()
    assert list(found) == [talk]
    Conversation.objects.update(deleted_at=None)

    assert remove(talk.pk, found) == Outcome.KEPT
    assert talk.messages.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_removing_and_bringing_back_at_once_one_wins_whole(alice, client, settings):
    settings.KEEP_DELETED_DAYS = 0
    client.force_login(alice)
    for _ in range(8):
        talk = plant_one(alice)
        with ThreadPoolExecutor(2) as both:
            removed = both.submit(in_thread, lambda talk=talk: remove(talk.pk, due()))
            back = client.post(f"/c/{talk.pk}/restore/").status_code

        talk.refresh_from_db()
        assert (removed.result(), back, talk.messages.count(), bool(talk.deleted_at)) in [
            (Outcome.REMOVED, 404, 0, True),
            (Outcome.KEPT, 200, 1, False),
        ]


def plant_one(owner):
    talk = make_conversation(owner, deleted_at=timezone.now())
    say(talk, Role.USER, WORD)
    return talk


def in_thread(do):
    try:
        return do()
    finally:
        connection.close()


def test_what_a_late_request_leaves_is_refused_and_else_removed_by_the_next_run(talk, settings):
    settings.KEEP_DELETED_DAYS = 0
    taken(talk)
    assert list(due()) == []
    with pytest.raises(InvalidInput):
        write(talk, None, Role.USER, WORD)
    say(Conversation.objects.get(pk=talk.pk), Role.USER, WORD)

    assert list(due()) == [talk]
    assert taken(talk) == Outcome.REMOVED
    assert not Message.objects.exists()


@pytest.mark.parametrize(("days", "is_due"), [(29, False), (31, True)])
def test_it_is_kept_for_the_time_that_the_setting_says(alice, settings, days, is_due):
    settings.KEEP_DELETED_DAYS = 30
    make_conversation(alice, deleted_at=timezone.now() - timedelta(days=days))
    make_conversation(alice)

    assert due().count() == int(is_due)
