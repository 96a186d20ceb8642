"""A chat longer than its model reads, and its drawers as one reads them."""

import asyncio
import json
import re
import uuid
from html import unescape

import pytest
from django.test import AsyncClient

from conversations import threads
from conversations.models import Message, Role
from conversations.turns import tasks
from tests.patience import PATIENCE
from tests.people import make_conversation, say
from tests.turns_kit import ended

TEXT = "Is <b>darjeeling</b> tea brewed like sencha?\n“Ja”\t& so on"


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def talk(alice, upstream, quick, settings):
    """Longer than its model reads: with 256 tokens for the answer, 767 are left for a prompt."""
    settings.DEFAULT_CONTEXT_WINDOW = 1023
    made = make_conversation(alice, model="house-model", max_tokens=256, temperature=0.5, seed=7)
    threads.set_system_message(made, "Be brief.")
    for number in range(10):
        tea = ("sencha", "darjeeling", "assam", "oolong", "mate")[number % 5]
        say(made, Role.USER, f"Tell me about {tea}, {number}. " + "Please do. " * 12)
        say(made, Role.ASSISTANT, f"Of {tea} there is a lot to say, {number}. " + "Indeed. " * 12)
    return made


def body_of(response):
    """The JSON of a drawer, as "Copy JSON" copies it."""
    found = re.search(r"<pre [^>]*data-json[^>]*>(.*?)</pre>", response.content.decode(), re.S)
    return json.loads(unescape(found[1])) if found else None


def words(response):
    return " ".join(unescape(re.sub("<[^>]*>", " ", response.content.decode())).split())


async def send(page, talk, text=TEXT):
    await talk.arefresh_from_db()
    wish = {"text": text, "client_id": str(uuid.uuid4()), "parent": str(talk.current_leaf_id or "")}
    response = await page.post(f"/c/{talk.pk}/messages/", wish, headers={"HX-Request": "true"})
    assert response.status_code == 202, response.content
    found = await ended(await Message.objects.filter(role=Role.ASSISTANT).alatest("created_at"))
    while left := tasks.owned():  # what comes after an answer, as a summary
        await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), PATIENCE)
    return found


async def preview(page, talk, text=TEXT):
    return await page.post(f"/c/{talk.pk}/preview/", {"text": text})


async def drawer(page, message, **query):
    return await page.get(f"/c/{message.conversation_id}/messages/{message.pk}/context/", query)


def received(upstream, text=TEXT):
    return next(
        request.body for request in reversed(upstream.requests) if request.last_user_text == text
    )
