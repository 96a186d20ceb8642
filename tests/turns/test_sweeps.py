"""Answers whose runner is gone."""

import uuid
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db.models.functions import Now

from conversations.models import Message, Role, Status
from conversations.turns import sweeps
from tests.people import make_conversation, say
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, content, done, finish, role_chunk


def dead_answer(owner, text, *, silent=timedelta(hours=1)):
    conversation = make_conversation(owner)
    question = say(conversation, Role.USER, "Hi")
    answer = say(
        conversation, Role.ASSISTANT, text, question, status=Status.STREAMING, run=uuid.uuid4()
    )
    Message.objects.filter(pk=answer.pk).update(beat=Now() - silent)
    return answer


def test_a_dead_answer_is_ended_with_its_text(alice, quick):
    dead = dead_answer(alice, "Half")

    assert sweeps.end_all_dead_answers() == [dead]

    dead.refresh_from_db()
    assert (dead.status, dead.text, dead.html) == (Status.INTERRUPTED, "Half", "<p>Half</p>\n")


def test_an_answer_that_was_silent_for_a_moment_goes_on(alice, quick, settings):
    settings.TAKEOVER_SECONDS = 60
    dead_answer(alice, "Half", silent=timedelta(seconds=30))

    assert sweeps.end_all_dead_answers() == []


def test_an_answer_that_cannot_be_ended_keeps_no_other_from_its_ending(alice, quick, monkeypatch):
    cursed, other = dead_answer(alice, "Cursed"), dead_answer(alice, "Other")
    end_answer = sweeps.end_answer

    def end_but_one(answer, *args):
        if answer == cursed:
            raise RuntimeError
        return end_answer(answer, *args)

    monkeypatch.setattr(sweeps, "end_answer", end_but_one)

    assert sweeps.end_all_dead_answers() == [other]


async def test_a_living_answer_is_never_taken_over(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Alive"), gate, finish("stop"), done())
    admitted = await send(conversation)
    await reached(gate)
    await Message.objects.filter(pk=admitted.answer.pk).aupdate(beat=Now() - timedelta(hours=1))

    taken = await sync_to_async(sweeps.end_all_dead_answers)()
    gate.open()
    found = await ended(admitted.answer)

    assert (taken, found.status) == ([], Status.COMPLETE)
