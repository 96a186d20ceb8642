"""The way out of a wait, and what is refused for being too much."""

import asyncio
import uuid

import pytest
from django.test import AsyncClient

from conversations.models import Message, Role, Status
from tests.patience import PATIENCE
from tests.people import make_conversation, say
from tests.turns_kit import ended, send
from tests.upstream_server import Gate, answer, content, error_response, finish, role_chunk

HTMX = {"HX-Request": "true"}
LATER = {"Retry-After": "500"}


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def patient(settings):
    settings.RETRY_SECONDS = 3600


async def post(page, path, data=None):
    return await page.post(path, data or {}, headers=HTMX)


def message(text="Hello?", parent=None):
    return {"text": text, "client_id": str(uuid.uuid4()), "parent": parent or ""}


async def waits(found):
    """The answer once it stands in line."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await Message.objects.aget(pk=found.pk)).not_before:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("times", [1, 2])
async def test_try_now_calls_at_once(page, conversation, upstream, patient, times):
    upstream.play(error_response(429, "rate_limit_exceeded", headers=LATER))
    upstream.play(*answer("Here."))
    admitted = await send(conversation)
    await waits(admitted.answer)
    address = f"/c/{conversation.pk}/messages/{admitted.answer.pk}/now/"

    responses = await asyncio.gather(*(post(page, address) for _ in range(times)))

    assert {response.status_code for response in responses} == {204}
    assert ((await ended(admitted.answer)).text, len(upstream.requests)) == ("Here.", 2)


async def test_the_others_wait_on_when_one_is_tried_in_vain(page, conversation, upstream, patient):
    upstream.play(error_response(429, "rate_limit_exceeded", headers=LATER), times=2)
    admitted = await send(conversation)
    await waits(admitted.answer)
    other = await asyncio.to_thread(make_conversation, conversation.owner)
    behind = await send(other)

    await post(page, f"/c/{conversation.pk}/messages/{admitted.answer.pk}/now/")
    await waits(admitted.answer)

    shown = await page.get(f"/c/{other.pk}/")
    assert "The provider&#x27;s limit for this model is reached." in shown.content.decode()
    assert len(upstream.requests) == 2
    for chat, each in ((other, behind), (conversation, admitted)):
        await post(page, f"/c/{chat.pk}/messages/{each.answer.pk}/stop/")
        assert (await ended(each.answer)).status == Status.STOPPED


async def test_one_that_was_tried_with_success_lets_the_others_go(
    page, conversation, upstream, patient
):
    upstream.play(error_response(429, "rate_limit_exceeded", headers=LATER))
    admitted = await send(conversation)
    await waits(admitted.answer)
    other = await asyncio.to_thread(make_conversation, conversation.owner)
    behind = await send(other)

    await post(page, f"/c/{conversation.pk}/messages/{admitted.answer.pk}/now/")

    assert (await ended(admitted.answer)).status == Status.COMPLETE
    assert (await ended(behind.answer)).status == Status.COMPLETE


async def test_only_the_owner_tries_now_and_only_an_answer_of_the_chat(page, bob, conversation):
    theirs = await asyncio.to_thread(make_conversation, bob)
    unseen = await asyncio.to_thread(say, theirs, Role.ASSISTANT, "x")

    assert (await post(page, f"/c/{theirs.pk}/messages/{unseen.pk}/now/")).status_code == 404
    assert (await post(page, f"/c/{conversation.pk}/messages/{unseen.pk}/now/")).status_code == 404
    assert (await page.get(f"/c/{theirs.pk}/messages/{unseen.pk}/now/")).status_code == 405


async def test_an_answer_that_ended_is_not_tried_again(page, conversation, upstream):
    admitted = await send(conversation)
    await ended(admitted.answer)

    response = await post(page, f"/c/{conversation.pk}/messages/{admitted.answer.pk}/now/")

    assert (response.status_code, len(upstream.requests)) == (204, 1)


async def test_too_soon_says_when_and_stores_nothing(page, conversation, upstream, settings):
    settings.MAX_MESSAGES_PER_MINUTE = 1
    await ended((await send(conversation)).answer)
    await conversation.arefresh_from_db()

    response = await post(
        page, f"/c/{conversation.pk}/messages/", message("More", conversation.current_leaf_id)
    )

    seconds = int(response.headers["Retry-After"])
    html = response.content.decode()
    assert (response.status_code, response.headers["HX-Retarget"]) == (429, "#notice")
    assert 0 < seconds <= 60
    assert f'again <span class="counted" data-countdown="{seconds}">in {seconds} s</span>.' in html
    assert await Message.objects.filter(role=Role.USER).acount() == 1


async def test_a_full_line_is_said_and_offers_to_try_again(page, conversation, upstream, settings):
    gate = Gate()
    upstream.play(role_chunk(), content("One"), gate, finish("stop"))
    settings.MAX_CALLS = settings.MAX_QUEUED = 1
    running = (await send(conversation)).answer
    others = [await asyncio.to_thread(make_conversation, conversation.owner) for _ in range(2)]
    waiting = (await send(others[0])).answer

    response = await post(page, f"/c/{others[1].pk}/messages/", message())

    assert response.status_code == 429
    assert "as many messages as it can" in response.content.decode()
    assert "data-again" in response.content.decode()
    gate.open()
    await ended(running)
    await ended(waiting)


async def test_a_wait_longer_than_we_would_wait_is_said(page, conversation, upstream, settings):
    settings.RETRY_SECONDS = 120
    upstream.play(error_response(429, "rate_limit_exceeded", headers={"Retry-After": "86400"}))

    admitted = await send(conversation)
    await ended(admitted.answer)

    shown = (await page.get(f"/c/{conversation.pk}/")).content.decode()
    assert "The provider asks us to wait 24 hours. Nothing was charged." in shown
