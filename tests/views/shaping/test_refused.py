"""Who may do it, and when; and what makes no sense is said in words."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations.models import Conversation, Message, Role, Standing
from conversations.threads import set_system_message
from tests.people import make_conversation, say
from tests.turns_kit import ended
from tests.upstream_server import Gate, content, done, finish, hang, role_chunk
from tests.views.shaping.acts import ACTS, act, fresh, newest, post, shown


@pytest.mark.parametrize("name", ACTS)
async def test_a_strangers_message_is_404(page, bob, conversation, upstream, name):
    foreign = await sync_to_async(make_conversation)(bob)
    secret = await sync_to_async(say)(foreign, Role.USER, "Secret")

    theirs = await act(page, foreign, "Secret", name)
    path = f"/c/{conversation.pk}/messages/{secret.pk}/{name}/"
    smuggled = await post(page, path, fresh(ACTS[name]))

    assert [theirs.status_code, smuggled.status_code] == [404, 404]
    assert (await Message.objects.aget()).standing == Standing.FREE
    assert await Conversation.objects.acount() == 2


@pytest.mark.parametrize("path", ["write", "fresh"])
async def test_a_strangers_chat_is_404(page, bob, upstream, path):
    foreign = await sync_to_async(make_conversation)(bob)

    response = await post(page, f"/c/{foreign.pk}/{path}/", fresh(ACTS["write"]))

    assert response.status_code == 404


@pytest.mark.parametrize("name", ACTS)
async def test_without_a_session_it_is_401(talk, name):
    response = await act(AsyncClient(), talk, "Hello", name)

    assert response.status_code == 401
    assert "Sign in again" in response.content.decode()


@pytest.mark.parametrize("name", ACTS)
async def test_what_changes_something_takes_no_get(page, talk, name):
    message = await talk.messages.afirst()

    response = await page.get(f"/c/{talk.pk}/messages/{message.pk}/{name}/")

    assert response.status_code == 405


@pytest.mark.parametrize(
    ("text", "name", "form", "words"),
    [
        ("Hello", "edit", {"text": " \n"}, "Write a message first."),
        ("Tea?", "edit", {"text": " \n"}, "Write a message first."),
        ("Tea?", "edit", {"client_id": "x"}, "valid UUID"),
        ("Hello", "write", {"text": ""}, "Write a message first."),
        ("Hello", "write", {"role": "tool"}, "Select a valid choice"),
        ("Hello", "write", {"role": ""}, "Choose whose message it is."),
        ("Hello", "standing", {"standing": "upright"}, "Select a valid choice"),
        ("Hello", "continue", {}, "goes on after this answer"),
        ("Hello", "answer", {}, "Only a person"),
        ("Green", "continue", {"client_id": ""}, "required"),
    ],
)
async def test_bad_input_is_422_with_words(page, talk, upstream, text, name, form, words):
    before = await shown(page, talk)

    response = await act(page, talk, text, name, **form)

    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#notice")
    assert words in response.content.decode()
    assert await shown(page, talk) == before
    assert upstream.requests == []


@pytest.mark.parametrize("name", ["edit", "write"])
async def test_a_message_over_the_bound_is_refused(page, talk, settings, name):
    settings.MAX_MESSAGE_LENGTH = 10

    response = await act(page, talk, "Hello", name, text="Hello there!")

    assert response.status_code == 422
    assert "12 characters; 10 are allowed" in response.content.decode()


@pytest.mark.parametrize("name", ["edit", "continue", "answer", "write", "standing", "delete"])
async def test_the_system_message_of_the_settings_is_no_turn(page, talk, name):
    await sync_to_async(set_system_message)(talk, "Be brief.")

    response = await act(page, talk, "Be brief.", name)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("name", "form", "status"),
    [
        ("edit", {}, 409),
        ("write", {}, 409),
        ("delete", {}, 409),
        ("restore", {}, 409),
        ("branch", {}, 202),
        ("standing", {}, 200),
    ],
)
async def test_the_question_of_a_running_answer_is_left_alone(
    page, conversation, upstream, name, form, status
):
    upstream.play(role_chunk(), content("Slow"), hang())
    await post(
        page, f"/c/{conversation.pk}/messages/", {"text": "Go", "client_id": str(uuid.uuid4())}
    )
    running = await newest()

    response = await act(page, conversation, "Go", name, **form)

    assert response.status_code == status
    await post(page, f"/c/{conversation.pk}/messages/{running.pk}/stop/")
    await ended(running)


async def test_what_runs_elsewhere_in_the_thread_is_not_disturbed(page, talk, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Slow"), gate, content("ly."), finish("stop"), done())
    leaf = await talk.messages.aget(text="Green")
    form = {"text": "Go", "client_id": str(uuid.uuid4()), "parent": str(leaf.pk)}
    await post(page, f"/c/{talk.pk}/messages/", form)
    running = await newest()

    response = await act(page, talk, "Hello", "delete")
    gate.open()

    assert response.status_code == 200
    assert (await ended(running)).text == "Slowly."
