"""Limits and the line: who goes, who waits, and that a restart keeps it."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from conversations import line, turns
from conversations.errors import TooBusy, TooManyWaiting, TooSoon
from conversations.line import Reason, Wait
from conversations.models import Message, Status
from conversations.turns import draining, process
from conversations.turns.sharing import others
from conversations.turns.writing import store
from tests.people import make_conversation
from tests.turns_kit import Watcher, ended, reached, send
from tests.upstream_server import Gate, content, done, finish, role_chunk


def held(gate, text="Held."):
    return [role_chunk(), content(text), gate, finish("stop"), done()]


async def chats(person, count):
    return [await sync_to_async(make_conversation)(person) for _ in range(count)]


async def waits():
    return dict(await sync_to_async(line.survey)())


async def line_is(*answers):
    """Exactly these stand in line, in this order."""
    found = await waits()
    places = sorted(found, key=lambda each: found[each].place or 0)
    return places == [each.pk for each in answers]


@pytest.fixture
def one_call(settings):
    settings.MAX_CALLS = 1


async def test_past_the_calls_at_once_an_answer_waits_its_turn(
    conversation, alice, upstream, one_call
):
    gate = Gate()
    upstream.play(*held(gate), when="first")
    first = (await send(conversation, "first")).answer
    await reached(gate)
    [other] = await chats(alice, 1)
    watcher = Watcher(other)

    second = (await send(other, "second")).answer

    assert await waits() == {second.pk: Wait(Reason.LINE, place=1)}
    assert [each.wait for each in watcher.events if hasattr(each, "wait")] == [
        Wait(Reason.LINE, place=1)
    ]
    assert len(upstream.requests) == 1
    gate.open()
    assert (await ended(first)).text == "Held."
    assert (await ended(second)).text == "Hello there!"
    assert [each.wait for each in watcher.events if hasattr(each, "wait")][-1] is None


async def test_ten_messages_of_one_person_do_not_delay_anothers_first(
    alice, bob, upstream, quick, one_call
):
    gate = Gate()
    upstream.play(*held(gate), when="ten-0")
    his = [
        (await send(each, f"ten-{number}")).answer
        for number, each in enumerate(await chats(alice, 10))
    ]
    await reached(gate)
    [chat] = await chats(bob, 1)

    hers = (await send(chat, "one")).answer

    assert (await waits())[hers.pk].place == 1
    gate.open()
    for each in (hers, *his):
        await ended(each)
    asked = [request.last_user_text for request in upstream.requests]
    assert asked == ["ten-0", "one", *(f"ten-{number}" for number in range(1, 10))]


async def test_a_person_writes_so_many_answers_at_once(alice, bob, upstream, quick, settings):
    settings.MAX_ANSWERS_PER_PERSON = 2
    gates = [Gate(), Gate()]
    for gate in gates:
        upstream.play(*held(gate))
    his = [(await send(each)).answer for each in await chats(alice, 3)]
    for gate in gates:
        await reached(gate)
    [chat] = await chats(bob, 1)

    hers = (await send(chat, "hers")).answer

    assert (await ended(hers)).status == Status.COMPLETE
    assert list(await waits()) == [his[2].pk]
    for gate in gates:
        gate.open()
    for each in his:
        assert (await ended(each)).status == Status.COMPLETE


async def test_who_cancels_leaves_the_line_and_pays_nothing(
    conversation, alice, upstream, one_call
):
    gate = Gate()
    upstream.play(*held(gate))
    await send(conversation)
    await reached(gate)
    [other] = await chats(alice, 1)
    waiting = (await send(other)).answer

    assert await turns.stop(other, waiting.pk)

    found = await ended(waiting)
    assert (found.status, found.text, found.call) == (Status.STOPPED, "", None)
    assert await waits() == {}
    gate.open()


async def test_a_full_line_refuses_and_stores_nothing(conversation, alice, upstream, settings):
    settings.MAX_QUEUED = 0

    with pytest.raises(TooBusy):
        await send(conversation)

    assert not await Message.objects.aexists()


async def test_one_person_cannot_fill_the_line(alice, bob, upstream, quick, settings, one_call):
    settings.MAX_QUEUED_PER_PERSON = 1
    gate = Gate()
    upstream.play(*held(gate))
    three = await chats(alice, 3)
    await send(three[0])
    await reached(gate)
    await send(three[1])

    with pytest.raises(TooManyWaiting):
        await send(three[2])

    [chat] = await chats(bob, 1)
    await send(chat)
    gate.open()


async def test_so_many_messages_in_a_minute(conversation, alice, upstream, settings):
    settings.MAX_MESSAGES_PER_MINUTE = 2
    first, second, third = await chats(alice, 3)
    await send(first)
    await send(second)

    with pytest.raises(TooSoon) as refused:
        await send(third)

    assert 50 < refused.value.retry_after <= 60
    assert str(refused.value) == f"You can send again in {refused.value.retry_after} s."


async def test_a_message_that_comes_twice_counts_once(conversation, upstream, settings):
    settings.MAX_MESSAGES_PER_MINUTE = 1
    same = uuid.uuid4()
    admitted = await send(conversation, client_id=same)
    await ended(admitted.answer)

    again = await send(conversation, client_id=same)

    assert again.answer.pk == admitted.answer.pk


async def test_twenty_at_once_and_exactly_ten_are_allowed(alice, upstream, quick, settings):
    settings.MAX_MESSAGES_PER_MINUTE = 10
    results = await asyncio.gather(
        *(send(each) for each in await chats(alice, 20)), return_exceptions=True
    )

    assert sum(isinstance(each, TooSoon) for each in results) == 10
    assert await Message.objects.filter(role="assistant").acount() == 10


async def test_requests_in_a_minute_are_counted_in_the_ledger(alice, upstream, quick, settings):
    settings.MAX_REQUESTS_PER_MINUTE = 2
    answers = [(await send(each)).answer for each in await chats(alice, 3)]
    await ended(answers[0])
    await ended(answers[1])

    assert await line_is(answers[2])
    assert len(upstream.requests) == 2

    from conversations.models import Completion

    await Completion.objects.aupdate(created_at=timezone.now() - timedelta(seconds=61))
    assert (await ended(answers[2])).status == Status.COMPLETE


async def test_tokens_in_a_minute(alice, upstream, quick, settings):
    settings.MAX_TOKENS_PER_MINUTE = 5_000  # the first may take 4,096 and its prompt
    gate = Gate()
    upstream.play(*held(gate))
    first, second = [(await send(each)).answer for each in await chats(alice, 2)]
    await reached(gate)

    assert await line_is(second)
    gate.open()

    # It took a few only, and the rest is there again.
    assert (await ended(first)).status == Status.COMPLETE
    assert (await ended(second)).status == Status.COMPLETE


async def test_who_stands_in_line_for_too_long_is_told(
    conversation, alice, upstream, settings, one_call
):
    gate = Gate()
    upstream.play(*held(gate))
    await send(conversation)
    await reached(gate)
    [other] = await chats(alice, 1)
    waiting = (await send(other)).answer
    await Message.objects.filter(pk=waiting.pk).aupdate(
        queued_at=timezone.now() - timedelta(seconds=settings.QUEUE_SECONDS + 1)
    )

    found = await ended(waiting)

    assert (found.status, found.failure, found.call) == (Status.FAILED, "queue_time", None)
    gate.open()


async def test_a_restart_keeps_the_line(conversation, alice, upstream, one_call, settings):
    """The process that took them in is gone; the next one calls them, in order."""
    settings.MAX_CALLS = 0
    queued = [(await send(each, f"{number}")).answer
              for number, each in enumerate(await chats(alice, 3))]  # fmt: skip
    await turns.shutdown()
    await asyncio.gather(*process.owned(), return_exceptions=True)
    await Message.objects.aupdate(home=uuid.uuid4())
    settings.MAX_CALLS = 1

    await process.recover(is_alone=True)

    for each in queued:
        assert (await ended(each)).status == Status.COMPLETE
    assert [request.last_user_text for request in upstream.requests] == ["0", "1", "2"]


async def test_another_process_leaves_the_line_to_one_that_lives(conversation, upstream, settings):
    settings.MAX_CALLS, settings.TAKEOVER_SECONDS = 0, 60
    waiting = (await send(conversation)).answer
    settings.MAX_CALLS = 1
    elsewhere = uuid.uuid4()
    await Message.objects.filter(pk=waiting.pk).aupdate(home=elsewhere, beat=timezone.now())

    look = await sync_to_async(line.take)(others.PROCESS, 10)
    assert look.taken == ()

    await Message.objects.filter(pk=waiting.pk).aupdate(
        beat=timezone.now() - timedelta(seconds=settings.TAKEOVER_SECONDS + 1)
    )
    assert (await ended(waiting)).status == Status.COMPLETE


async def test_a_process_that_is_to_stop_takes_nobody_in(conversation, upstream, monkeypatch):
    monkeypatch.setattr(draining, "_is_draining", True)
    waiting = (await send(conversation)).answer

    found = await Message.objects.aget(pk=waiting.pk)

    assert (found.is_in_line, found.home) == (True, None)
    assert upstream.requests == []


async def test_an_answer_that_was_not_called_yet_goes_back_at_the_end_of_its_process(
    conversation, upstream
):
    admitted = await send(conversation)
    run = uuid.uuid4()
    await ended(admitted.answer)
    await Message.objects.filter(pk=admitted.answer.pk).aupdate(status="queued", run=run)

    assert await sync_to_async(store.give_back)(admitted.answer.pk, run)

    assert (await Message.objects.aget(pk=admitted.answer.pk)).is_in_line
    assert not await sync_to_async(store.give_back)(admitted.answer.pk, run)
