"""A process may die between storing a change and telling it: other pages notice all the same."""

import uuid

import pytest
from django.test import AsyncClient

from conversations import threads, turns
from conversations.models import Conversation, Message, Role
from conversations.turns.sharing import broadcasts, lookout
from tests.people import say
from tests.turns_kit import Watcher

ACTS = {
    "edit": ("1", {"text": "Other", "client_id": str(uuid.uuid4())}),
    "write": ("1", {"text": "By hand", "role": "user", "client_id": str(uuid.uuid4())}),
    "standing": ("1", {"standing": "pinned"}),
    "delete": ("1", {}),
    "restore": ("gone", {}),
    "switch": ("1'", {}),
}


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def talk(conversation):
    """A question, two versions of its answer, and a message that was deleted."""
    question = say(conversation, Role.USER, "a")
    say(conversation, Role.ASSISTANT, "1'", question)
    answer = say(conversation, Role.ASSISTANT, "1", question)
    threads.delete(say(conversation, Role.USER, "gone", answer))
    Conversation.objects.filter(pk=conversation.pk).update(changes=4)
    return conversation


async def act(page, talk, name):
    text, form = ACTS[name]
    message = await Message.objects.aget(conversation=talk, text=text)
    path = f"/c/{talk.pk}/messages/{message.pk}/{name}/"
    return await page.post(path, form, headers={"HX-Request": "true"})


@pytest.mark.parametrize("name", ACTS)
async def test_a_change_that_its_process_never_told_is_noticed(page, talk, monkeypatch, name):
    async def dies_first(*_):
        pass

    monkeypatch.setattr(turns, "tell_thread_changed", dies_first)
    monkeypatch.setattr(lookout, "GRACE_SECONDS", 0.0)
    watcher, look = Watcher(talk), lookout.Lookout()
    await look.look()

    await act(page, talk, name)
    await look.look()

    assert watcher.events == [broadcasts.ThreadChanged(5)]


@pytest.mark.parametrize("name", ACTS)
async def test_the_same_again_is_no_news(page, talk, name):
    watcher = Watcher(talk)

    responses = [await act(page, talk, name) for _ in range(2)]

    assert [each.status_code for each in responses] == [200, 200]
    assert watcher.events == [broadcasts.ThreadChanged(5)]
    assert responses[1].headers["Chat-Changes"] == "5"
