"""An ending is stored as a whole or not at all, wherever the database fails."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations import turns
from conversations.models import Message, Role, Status
from conversations.turns import sweeps
from conversations.turns.writing import store
from conversations.turns.writing.calls import CallFacts
from conversations.turns.writing.endings import Ending, end_answer
from tests.people import make_conversation, say
from tests.turns.states import database_that_fails
from tests.turns_kit import send


@pytest.fixture
def being_written(alice, prices, transactional_db):
    """An answer with a call under way, and its run."""
    conversation = make_conversation(alice)
    question = say(conversation, Role.USER, "Tea?")
    run = uuid.uuid4()
    answer = say(
        conversation, Role.ASSISTANT, "", question, status=Status.QUEUED, run=run, model="gpt-4o"
    )
    assert store.begin_call(answer.pk, run)
    return answer, run


@pytest.mark.parametrize("at", range(1, 31))
def test_at_whatever_statement_the_database_fails(being_written, at):
    answer, run = being_written
    ended = 0

    with database_that_fails(at):
        ended = end_answer(answer, run, Ending(Status.COMPLETE, "Yes.", "", CallFacts()))

    answer.refresh_from_db()
    [call] = answer.completions.all()
    answer.conversation.refresh_from_db()
    is_stored = (answer.status, answer.text) == (Status.COMPLETE, "Yes.")
    assert is_stored or (answer.status, answer.text) == (Status.STREAMING, "")
    # What comes after it is stored (the log's line) takes nothing back.
    assert (bool(ended), call.ended_at is not None) == (is_stored, is_stored)
    assert answer.conversation.calls == is_stored
    assert end_answer(answer, run, Ending(Status.COMPLETE, "Yes.")) or is_stored


async def test_one_in_line_that_shall_stop_does_so_though_whoever_asked_is_gone(
    conversation, upstream, settings
):
    """The process died after asking, or its run went back into the line at that moment."""
    settings.MAX_CALLS = 0
    waiting = (await send(conversation)).answer
    assert await sync_to_async(store.ask_to_stop)(conversation, waiting.pk)

    await turns.dispatch.advance()
    await sync_to_async(sweeps.end_all_dead_answers)()

    assert (await Message.objects.aget(pk=waiting.pk)).status == Status.STOPPED
