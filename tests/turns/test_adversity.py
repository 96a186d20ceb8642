"""What goes wrong around an answer: its database, its clocks, its person, its provider."""

import asyncio
import contextlib
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.db import InterfaceError, InternalError, OperationalError
from django.utils import timezone

from conversations import line, turns
from conversations.line import Reason
from conversations.models import Completion, Conversation, Gate, Message, Role, Status
from conversations.turns import dispatch, steady, sweeps
from conversations.turns.writing import pump, run, store, summaries
from tests import upstream_server
from tests.patience import PATIENCE
from tests.people import make_conversation, say
from tests.turns_kit import ended, reached, send, until
from tests.upstream_server import content, done, error_response, finish, respond, role_chunk

AWAY = [OperationalError, InterfaceError, InternalError]


def held(gate, text="Held."):
    return [role_chunk(), content(text), gate, content(" More."), finish("stop"), done()]


@pytest.fixture
def gate(upstream):
    """The first answer stops here."""
    gate = upstream_server.Gate()
    upstream.play(*held(gate))
    yield gate
    gate.open()


@pytest.fixture
def fails(monkeypatch):
    """Lets a function fail so many times before it works; how often it was tried."""

    def patch(owner, name, error, times=1):
        real, tries = getattr(owner, name), []

        def failing(*args, **kwargs):
            tries.append(args)
            if len(tries) <= times:
                raise error("gone for a moment")
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, failing)
        return tries

    return patch


async def chat_of(person, **fields):
    return await sync_to_async(make_conversation)(person, **fields)


async def text_of(answer):
    return (await Message.objects.aget(pk=answer.pk)).text


async def wait_of(answer):
    return (await sync_to_async(line.survey)())[answer.pk]


async def comes(holds):
    """As soon as this holds in the database."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - it is asked of the database
            await asyncio.sleep(0.01)


# --- the database is away for a moment --------------------------------------------------------


@pytest.mark.parametrize("error", AWAY)
async def test_an_ending_that_met_a_broken_connection_is_written_again(
    conversation, upstream, fails, error
):
    tries = fails(run, "end_answer", error)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text, found.call.error) == (Status.COMPLETE, "Hello there!", "")
    assert len(tries) == 2


@pytest.mark.parametrize("error", [*AWAY, RuntimeError])
async def test_a_beat_that_failed_is_not_the_last(conversation, gate, fails, error):
    answer = (await send(conversation)).answer
    await reached(gate)
    await comes(lambda: Message.objects.filter(pk=answer.pk, text="Held.").aexists())
    tries = fails(store, "beat", error)

    await until(lambda: len(tries) > 2)

    gate.open()
    assert (await ended(answer)).status == Status.COMPLETE


@pytest.mark.parametrize("error", [*AWAY, RuntimeError])
async def test_a_text_that_was_not_stored_is_stored_by_the_next_try(
    conversation, gate, fails, error
):
    tries = fails(store, "flush", error)

    answer = (await send(conversation)).answer
    await reached(gate)

    await comes(lambda: Message.objects.filter(pk=answer.pk, text="Held.").aexists())
    assert len(tries) == 2
    gate.open()
    assert (await ended(answer)).text == "Held. More."


@pytest.mark.parametrize("step", [(store, "answer_of"), (dispatch.Showing, "of")])
async def test_an_answer_that_was_claimed_and_not_begun_stands_in_line_again(
    conversation, upstream, fails, settings, monkeypatch, step
):
    settings.TAKEOVER_SECONDS = 600
    monkeypatch.setattr(dispatch, "LONGEST_PAUSE", 600)
    fails(*step, OperationalError)

    answer = (await send(conversation)).answer

    assert (await Message.objects.aget(pk=answer.pk)).is_in_line
    await dispatch.advance()
    assert (await ended(answer)).status == Status.COMPLETE
    assert len(upstream.requests) == 1


async def test_it_keeps_no_other_from_its_turn(alice, conversation, upstream, fails, settings):
    settings.MAX_CALLS = 0
    first = (await send(conversation)).answer
    second = (await send(await chat_of(alice))).answer
    settings.MAX_CALLS, settings.TAKEOVER_SECONDS = 2, 600
    fails(store, "answer_of", OperationalError)

    await dispatch.advance()

    await comes(lambda: Message.objects.filter(status=Status.COMPLETE).aexists())
    assert {(await ended(each)).status for each in (first, second)} == {Status.COMPLETE}


@pytest.mark.parametrize("error", AWAY)
async def test_a_call_waits_to_be_begun_for_a_database_that_is_away(
    conversation, upstream, fails, error
):
    fails(store, "begin_call", error)

    found = await ended((await send(conversation)).answer)

    assert (found.status, len(upstream.requests)) == (Status.COMPLETE, 1)


async def test_so_does_the_summary_that_is_due_before_it(alice, upstream, quick, fails):
    tries = fails(summaries, "_job_for_answer", OperationalError)

    found = await ended((await send(await chat_of(alice, strategy="summary"))).answer)

    assert (found.status, len(upstream.requests), len(tries)) == (Status.COMPLETE, 1, 2)


async def test_where_it_is_away_for_long_the_answer_goes_back_into_the_line(
    conversation, upstream, fails, monkeypatch
):
    monkeypatch.setattr(pump, "PATIENCE", 0)
    tries = fails(store, "begin_call", OperationalError)

    answer = (await send(conversation)).answer

    found = await ended(answer)
    assert (found.status, len(upstream.requests), len(tries)) == (Status.COMPLETE, 1, 2)
    assert await Completion.objects.acount() == 1


async def test_stop_ends_the_answer_though_it_cannot_be_noted(conversation, gate, fails):
    answer = (await send(conversation)).answer
    await reached(gate)
    fails(store, "ask_to_stop", OperationalError, times=100)

    with contextlib.suppress(OperationalError):
        await turns.stop(conversation, answer.pk)

    found = await ended(answer)
    assert (found.status, found.text) == (Status.STOPPED, "Held.")


# --- clocks -----------------------------------------------------------------------------------


@pytest.fixture
def clock_behind(monkeypatch):
    """This process's clock; the database's is right."""
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() - timedelta(seconds=90))


async def test_the_time_for_retries_is_told_by_the_databases_clock(
    conversation, upstream, settings, clock_behind
):
    settings.RETRY_SECONDS, settings.CIRCUIT_FAILURES = 0.2, 1_000
    settings.RETRY_BASE_SECONDS = settings.RETRY_CAP_SECONDS = 0.01
    upstream.play(*error_response(503, None, "Later"), times=None)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.error) == (Status.FAILED, "server")


async def test_so_are_the_requests_of_a_minute(alice, upstream, quick, settings, clock_behind):
    settings.MAX_REQUESTS_PER_MINUTE = 2
    for _ in range(2):
        await ended((await send(await chat_of(alice))).answer)

    third = (await send(await chat_of(alice))).answer

    assert (await wait_of(third)).reason == Reason.LINE
    assert len(upstream.requests) == 2


async def test_so_is_until_when_the_provider_wants_nothing(
    conversation, alice, upstream, clock_behind
):
    told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "30s"}
    upstream.play(respond(200, told), role_chunk(), content("Last one."), finish("stop"), done())
    await ended((await send(conversation)).answer)

    second = (await send(await chat_of(alice))).answer

    waits = await sync_to_async(line.survey)()
    assert {pk: wait.reason for pk, wait in waits.items()} == {second.pk: Reason.PROVIDER_LIMIT}
    assert len(upstream.requests) == 1


def test_sweeps_that_come_late_by_their_own_work_still_take_over(alice, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(steady, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(steady, "_looked", 0.0)
    monkeypatch.setattr(steady, "_rests_until", float("-inf"))
    long_ago = timezone.now() - timedelta(hours=1)
    taken = []

    for _ in range(3):
        chat = make_conversation(alice)
        question = say(chat, Role.USER, "Tea?")
        running = {"status": Status.STREAMING, "run": uuid.uuid4(), "beat": long_ago}
        dead = say(chat, Role.ASSISTANT, "It is ", question, **running)
        clock.now += 7.1  # 5 s of sleep, 2 s of waiting for the line, a slow query
        taken.append(sweeps.end_all_dead_answers() == [dead])

    assert taken == [True, True, True]


# --- the person or the chat goes away ---------------------------------------------------------


async def test_what_a_deleted_persons_answer_took_stays_in_the_ledger(alice, conversation, gate):
    answer = (await send(conversation)).answer
    await reached(gate)
    await alice.adelete()
    gate.open()
    await until(lambda: not turns.shown(conversation.pk, answer.pk))

    await sync_to_async(sweeps.end_all_dead_answers)()

    call = await Completion.objects.aget()
    assert (call.user_id, call.message_id, call.is_estimated) == (None, None, True)
    assert call.ended_at
    assert call.prompt_tokens > 0
    assert call.cost > 0


async def delete_chat(conversation):
    await Conversation.objects.filter(pk=conversation.pk).aupdate(deleted_at=timezone.now())


async def deactivate_person(conversation):
    conversation.owner.is_active = False
    await conversation.owner.asave()


@pytest.mark.parametrize("go_away", [delete_chat, deactivate_person])
async def test_what_nobody_may_read_any_more_is_not_called(
    conversation, bob, upstream, gate, settings, go_away
):
    settings.MAX_CALLS = 1
    first = (await send(conversation)).answer
    await reached(gate)
    other = await chat_of(bob)
    waiting = (await send(other)).answer

    await go_away(other)

    found = await ended(waiting)
    assert (found.status, found.text, found.call) == (Status.STOPPED, "", None)
    gate.open()
    assert (await ended(first)).status == Status.COMPLETE
    assert len(upstream.requests) == 1


# --- the provider fails -----------------------------------------------------------------------


@pytest.fixture
def circuit(settings):
    """It opens soon, and for long."""
    settings.CIRCUIT_FAILURES = 3
    settings.CIRCUIT_SECONDS = settings.CIRCUIT_CAP_SECONDS = 60
    settings.RETRY_SECONDS = 30
    settings.RETRY_BASE_SECONDS = settings.RETRY_CAP_SECONDS = 0.01


async def test_being_told_to_slow_down_without_a_time_opens_the_circuit(
    conversation, alice, upstream, circuit
):
    upstream.play(*error_response(429, None, "Slow down"), times=None)
    first = (await send(conversation)).answer
    await comes(lambda: Gate.objects.filter(failures=3).aexists())
    await comes(lambda: Message.objects.in_line().filter(pk=first.pk).aexists())

    second = (await send(await chat_of(alice))).answer

    assert [(await wait_of(each)).reason for each in (first, second)] == [Reason.CIRCUIT] * 2
    assert len(upstream.requests) == 3


async def test_a_probe_that_is_refused_closes_the_circuit(conversation, upstream, circuit):
    over = timezone.now() - timedelta(seconds=1)
    await Gate.objects.aupdate_or_create(pk=1, defaults={"failures": 3, "open_until": over})
    upstream.play(*error_response(400, None, "No"))

    found = await ended((await send(conversation)).answer)

    gate = await Gate.objects.aget()
    assert (found.status, gate.failures, gate.open_until) == (Status.FAILED, 0, None)
