"""A branch asked for twice, and one of a message that is gone: words, never a fault."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations import threads
from conversations.models import Conversation, Role
from conversations.threads import branching
from conversations.views import shaping
from tests.people import make_conversation, say


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def question(conversation):
    return say(conversation, Role.USER, "Tea?")


async def branch(page, message, client_id):
    path = f"/c/{message.conversation_id}/messages/{message.pk}/branch/"
    return await page.post(path, {"client_id": str(client_id)}, headers={"HX-Request": "true"})


async def test_the_same_again_leads_to_the_same_chat_though_the_message_was_deleted(page, question):
    client_id = uuid.uuid4()
    first = await branch(page, question, client_id)
    await sync_to_async(threads.delete)(question)

    again = await branch(page, question, client_id)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["HX-Redirect"] == first.headers["HX-Redirect"]
    assert await Conversation.objects.acount() == 2


async def test_a_message_deleted_after_it_was_found_is_refused_in_words(
    page, question, monkeypatch
):
    find = shaping.find

    async def find_and_lose(*args):
        found = await find(*args)
        await sync_to_async(threads.delete)(question)
        return found

    monkeypatch.setattr(shaping, "find", find_and_lose)

    response = await branch(page, question, uuid.uuid4())

    assert response.status_code == 422
    assert "This message was deleted." in response.content.decode()
    assert await Conversation.objects.acount() == 1


async def test_a_client_id_that_another_chat_stores_meanwhile_is_refused_in_words(
    page, alice, question, monkeypatch
):
    other = await sync_to_async(make_conversation)(alice)
    client_id = uuid.uuid4()
    await sync_to_async(threads.write)(other, None, Role.USER, "There", client_id)
    monkeypatch.setattr(branching, "known_by", lambda *_: None)

    response = await branch(page, question, client_id)

    assert response.status_code == 422
    assert "already sent in another chat" in response.content.decode()
    assert await Conversation.objects.acount() == 2
