"""A call that failed before its first token is made again; once text has flowed, never."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from conversations import line, turns
from conversations.line import Reason
from conversations.models import Completion, Gate, Message, ProviderLimit, Status
from conversations.transcript import notice_of
from conversations.turns import dispatch
from tests.patience import PATIENCE
from tests.people import make_conversation
from tests.turns_kit import ended, send
from tests.upstream_server import (
    answer,
    close,
    content,
    done,
    error_response,
    finish,
    json_response,
    reset,
    respond,
    role_chunk,
)


@pytest.fixture(autouse=True)
def retries(settings, upstream):
    """Time at a hundredth."""
    settings.RETRY_SECONDS = 30
    settings.RETRY_BASE_SECONDS = 0.01
    settings.RETRY_CAP_SECONDS = 0.05
    settings.CIRCUIT_FAILURES = 100


BUSY = error_response(429, "rate_limit_exceeded", "Slow down")


async def calls_of(answer):
    return [each async for each in Completion.objects.filter(message=answer).order_by("pk")]


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (BUSY, "rate_limit"),
        (error_response(500, None, "Oops"), "server"),
        (error_response(503, None, "Later"), "server"),
        ([reset()], "connection_lost"),
        ([respond(200), close()], "connection_lost"),
        ([respond(200)], "cut_off"),
    ],
)
async def test_what_may_get_better_is_tried_again(conversation, upstream, failure, code):
    upstream.play(*failure)
    upstream.play(*failure)
    upstream.play(*answer("Now it works."))

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "Now it works.")
    calls = await calls_of(found)
    assert [call.error for call in calls] == [code, code, ""]
    assert all(call.ended_at for call in calls)
    bodies = [request.body for request in upstream.requests]
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize(
    "failure",
    [
        error_response(401, "invalid_api_key", "No"),
        error_response(400, None, "No"),
        error_response(429, "insufficient_quota", "No credit"),
        error_response(429, "rate_limit_exceeded", "Tomorrow", headers={"Retry-After": "86400"}),
    ],
)
async def test_what_cannot_get_better_is_not(conversation, upstream, failure):
    upstream.play(*failure)

    found = await ended((await send(conversation)).answer)

    assert (found.status, len(upstream.requests)) == (Status.FAILED, 1)


async def test_once_text_has_flowed_it_is_never_tried_again(conversation, upstream):
    upstream.play(role_chunk(), content("Half an ans"), reset())

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text) == (Status.FAILED, "Half an ans")
    assert len(upstream.requests) == 1


async def test_the_total_time_ends_it(conversation, upstream, settings):
    upstream.play(*error_response(500, None, "Oops"), times=None)
    tried = (await send(conversation)).answer
    await asyncio.to_thread(upstream.wait_for_request, 2)

    settings.RETRY_SECONDS = 0.2  # are over by now, or soon
    found = await ended(tried)

    assert (found.status, found.call.error) == (Status.FAILED, "server")
    assert len(upstream.requests) == len(await calls_of(found)) > 1


async def waiting(conversation, upstream, settings, **headers):
    """An answer that waits for its second try for a while."""
    settings.RETRY_BASE_SECONDS = settings.RETRY_CAP_SECONDS = 0.01
    upstream.play(
        *error_response(429, "rate_limit_exceeded", "Slow down", headers={"Retry-After": "20"})
    )
    found = (await send(conversation)).answer
    await until(lambda: sync_to_async(line.survey)())
    return found


async def until(holds):
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - it is asked of the database
            await asyncio.sleep(0.01)


async def test_while_it_waits_it_can_be_seen_until_when(conversation, upstream, settings):
    found = await waiting(conversation, upstream, settings)

    wait = (await sync_to_async(line.survey)())[found.pk]

    assert (wait.reason, wait.code) == (Reason.RETRY, "rate_limit")
    assert timedelta(seconds=5) < wait.until - timezone.now() < timedelta(seconds=21)
    # Everybody else who asks this model waits as well.
    other = await sync_to_async(make_conversation)(conversation.owner)
    second = (await send(other)).answer
    assert (await sync_to_async(line.survey)())[second.pk].reason == Reason.PROVIDER_LIMIT
    assert len(upstream.requests) == 1


async def test_try_now_does(conversation, upstream, settings):
    found = await waiting(conversation, upstream, settings)
    assert await turns.try_now(conversation, found.pk)

    assert (await ended(found)).text == "Hello there!"


async def test_stop_ends_the_waiting(conversation, upstream, settings):
    found = await waiting(conversation, upstream, settings)

    assert await turns.stop(conversation, found.pk)

    stopped = await ended(found)
    assert (stopped.status, stopped.text, len(upstream.requests)) == (Status.STOPPED, "", 1)
    assert [call.cost for call in await calls_of(stopped)] == [0]


async def test_nobody_elses_answer_can_be_tried(conversation, upstream, settings, bob):
    found = await waiting(conversation, upstream, settings)
    foreign = await sync_to_async(make_conversation)(bob)

    assert not await turns.try_now(foreign, found.pk)

    assert (await Message.objects.aget(pk=found.pk)).not_before is not None


async def test_a_continued_answer_is_tried_again_too(conversation, upstream):
    import uuid

    upstream.play(*answer("One, two, ", reason="length"))
    first = (await send(conversation)).answer
    await ended(first)
    upstream.play(*BUSY)
    upstream.play(*answer("three."))

    await turns.continue_answer(conversation.owner, conversation, first, uuid.uuid4())

    found = await ended(first)
    assert (found.status, found.text) == (Status.COMPLETE, "One, two, three.")
    assert len(await calls_of(found)) == 3


async def test_when_it_keeps_failing_the_others_do_not_call(
    conversation, alice, upstream, settings
):
    settings.CIRCUIT_FAILURES = 3
    settings.CIRCUIT_SECONDS = 20
    upstream.play(*error_response(502, None, "Bad gateway"), times=None)
    first = (await send(conversation)).answer
    await until(lambda: Gate.objects.filter(failures=3).aexists())
    chats = [await sync_to_async(make_conversation)(alice) for _ in range(4)]
    rest = [(await send(chat)).answer for chat in chats]

    found = await sync_to_async(line.survey)()

    assert {wait.reason for wait in found.values()} == {Reason.CIRCUIT}
    assert len(upstream.requests) == 3
    # It is over: one tries it out, then all of them go.
    upstream.reset()
    await Gate.objects.aupdate(open_until=timezone.now() - timedelta(seconds=1))
    await dispatch.advance()
    for each in (first, *rest):
        assert (await ended(each)).status == Status.COMPLETE
    gate = await Gate.objects.aget()
    assert (gate.failures, gate.open_until) == (0, None)


async def test_what_the_provider_says_is_left_is_obeyed(conversation, alice, upstream):
    told = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "30s",
        "x-ratelimit-remaining-tokens": "100000",
    }
    steps = [content("Last one."), finish("stop"), done()]
    upstream.play(respond(200, told), role_chunk(), *steps)
    await ended((await send(conversation)).answer)
    other = await sync_to_async(make_conversation)(alice)

    second = (await send(other)).answer

    wait = (await sync_to_async(line.survey)())[second.pk]
    assert wait.reason == Reason.PROVIDER_LIMIT
    assert timedelta(seconds=20) < wait.until - timezone.now() < timedelta(seconds=31)
    assert len(upstream.requests) == 1
    await ProviderLimit.objects.aupdate(requests_reset_at=timezone.now())
    assert (await ended(second)).status == Status.COMPLETE


async def test_a_limit_past_the_time_in_line_is_said_at_once_and_can_be_tried_again(
    conversation, alice, upstream, settings
):
    settings.QUEUE_SECONDS = 60
    told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20m"}
    upstream.play(respond(200, told), role_chunk(), content("Last."), finish("stop"), done())
    await ended((await send(conversation)).answer)
    other = await sync_to_async(make_conversation)(alice)

    found = await ended((await send(other)).answer)

    assert (found.status, found.failure, found.call) == (Status.FAILED, "asked_to_wait", None)
    notice = await sync_to_async(notice_of)(found)
    assert notice.words == "The provider asks us to wait 20 minutes. Nothing was charged."
    assert notice.actions == ("retry",)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(("left", "waits"), [(30, True), (10, False)])
async def test_no_retry_is_promised_past_the_time_in_line(
    conversation, upstream, settings, left, waits
):
    """It asks for 20 s; the answer has stood in line for a while before its first call."""
    settings.MAX_CALLS = 0
    settings.QUEUE_SECONDS = 600
    upstream.play(
        *error_response(429, "rate_limit_exceeded", "Slow down", headers={"Retry-After": "20"})
    )
    found = (await send(conversation)).answer
    queued_at = timezone.now() - timedelta(seconds=settings.QUEUE_SECONDS - left)
    await Message.objects.filter(pk=found.pk).aupdate(queued_at=queued_at)
    settings.MAX_CALLS = 1
    await dispatch.advance()

    if waits:
        await until(lambda: Message.objects.filter(pk=found.pk, wait="rate_limit").aexists())
        return
    found = await ended(found)
    assert (found.status, found.failure, found.call.error) == (Status.FAILED, "", "rate_limit")


async def test_a_redirected_or_unreadable_answer_is_not_taken_for_a_good_one(
    conversation, upstream
):
    upstream.play(*json_response({"hello": "there"}))
    upstream.play(*answer("Fine."))

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "Fine.")
