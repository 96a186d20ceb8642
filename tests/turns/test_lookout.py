"""What other processes do is found out where no hint says it, and is told once."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations import turns
from conversations.models import Conversation, Message, Role, Status
from conversations.turns.sharing import broadcasts, live, lookout, mirror
from conversations.turns.sharing.lookout import Lookout
from tests.people import make_conversation, say
from tests.turns_kit import Watcher, ended, reached, send, until
from tests.upstream_server import Gate, content, done, finish, hang, role_chunk


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    monkeypatch.setattr(lookout, "GRACE_SECONDS", 0.0)


@pytest.fixture
def look(conversation):
    return Lookout()


async def changed_elsewhere(conversation):
    return await sync_to_async(Conversation.objects.note_change)(conversation.pk)


async def test_a_change_that_nobody_told_is_told(conversation, look):
    watcher = Watcher(conversation)
    await look.look()

    changes = await changed_elsewhere(conversation)
    await look.look()
    await look.look()

    assert watcher.events == [broadcasts.ThreadChanged(changes)]


async def test_a_hint_gets_its_time(conversation, look, monkeypatch):
    monkeypatch.setattr(lookout, "GRACE_SECONDS", 60)
    watcher = Watcher(conversation)
    await look.look()

    changes = await changed_elsewhere(conversation)
    await look.look()
    await broadcasts.tell_here(conversation.pk, broadcasts.ThreadChanged(changes))
    monkeypatch.setattr(lookout, "GRACE_SECONDS", 0)
    await look.look()

    assert watcher.events == [broadcasts.ThreadChanged(changes)]


async def test_what_came_after_a_lost_change_does_not_hide_it(conversation, look):
    watcher = Watcher(conversation)
    await look.look()

    await changed_elsewhere(conversation)
    later = await changed_elsewhere(conversation)
    await broadcasts.tell_here(conversation.pk, broadcasts.ThreadChanged(later))
    await look.look()

    assert watcher.events == [broadcasts.ThreadChanged(later)] * 2


async def test_nothing_that_this_process_does_is_told_twice(conversation, look, upstream):
    watcher = Watcher(conversation)
    await look.look()

    gate = Gate()
    upstream.play(role_chunk(), content("Tea."), gate, finish(), done())
    admitted = await send(conversation)
    await reached(gate)
    await look.look()
    gate.open()
    await ended(admitted.answer)
    await turns.tell_thread_changed(conversation.pk, await changed_elsewhere(conversation))
    for _ in range(3):
        await look.look()

    told = [event for event in watcher.events if hasattr(event, "changes")]
    assert told == [
        broadcasts.MessageSent(admitted.question.pk, 1),
        broadcasts.AnswerEnded(admitted.answer.pk, 2),
        broadcasts.ThreadChanged(3),
    ]


async def test_every_act_on_a_thread_has_a_number(conversation, upstream):
    first = await send(conversation)
    await ended(first.answer)
    retried = await turns.retry(conversation.owner, conversation, first.answer, uuid.uuid4())
    await ended(retried.answer)
    await turns.edit(conversation.owner, conversation, first.question, "Again", uuid.uuid4())

    found = await Conversation.objects.aget(pk=conversation.pk)
    assert found.changes in (5, 6)  # the last answer may have ended by now


async def test_an_answer_written_elsewhere_is_followed_as_long_as_somebody_watches(
    conversation, look, monkeypatch
):
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "Half", **running)
    watcher = Watcher(conversation)

    await look.look()
    await until(lambda: live.shown(conversation.pk, answer.pk))
    broadcasts.unsubscribe(conversation.pk, watcher)
    await look.look()

    assert [each.answer for each in mirror.mirrors()] == [answer.pk]
    monkeypatch.setattr(lookout, "LINGER_SECONDS", -1)
    await look.look()
    assert mirror.mirrors() == ()


async def test_what_this_process_writes_is_not_followed(conversation, look, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Half"), gate, hang())
    Watcher(conversation)
    await send(conversation)
    await reached(gate)

    await look.look()

    assert mirror.mirrors() == ()


async def test_an_answer_in_line_elsewhere_has_its_place_found_out(
    conversation, look, settings, monkeypatch
):
    settings.MAX_CALLS = 1
    other = await sync_to_async(make_conversation)(conversation.owner)
    running = {"status": Status.STREAMING, "run": uuid.uuid4(), "home": uuid.uuid4()}
    await sync_to_async(say)(other, Role.ASSISTANT, "", **running)
    waiting = {"status": Status.QUEUED, "home": uuid.uuid4()}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "", **waiting)
    watcher = Watcher(conversation)

    await look.look()
    await until(lambda: watcher.events)

    [told] = watcher.events
    assert (told.answer, told.wait.place) == (answer.pk, 1)
    assert mirror.mirrors() == ()


@pytest.mark.parametrize("watched", [1, 3])
def test_one_query_for_all(alice, db, django_assert_num_queries, watched):
    talks = [make_conversation(alice) for _ in range(watched)]
    answer = say(talks[0], Role.ASSISTANT, "", status=Status.STREAMING, run=uuid.uuid4())
    say(talks[0], Role.ASSISTANT, "", status=Status.COMPLETE)

    with django_assert_num_queries(1):
        seen = lookout.look_at([talk.pk for talk in talks])

    found = {each.conversation: (each.changes, each.answer, each.is_in_line) for each in seen}
    assert found == {talk.pk: (0, answer.pk if talk is talks[0] else None, False) for talk in talks}


async def test_nobody_watching_costs_nothing(conversation, look, monkeypatch):
    monkeypatch.setattr(broadcasts, "_watched", {})
    monkeypatch.setattr(lookout, "look_at", None)

    await look.look()


async def test_the_mirrors_row_may_vanish(conversation, look):
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "Half", **running)
    Watcher(conversation)
    await look.look()

    await Message.objects.filter(pk=answer.pk).adelete()
    for each in mirror.mirrors():
        each.look()

    await until(lambda: not mirror.mirrors())
