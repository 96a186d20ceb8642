import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations.models import Conversation, Message, Role, Status
from tests.people import make_conversation, say
from tests.turns_kit import ended
from tests.upstream_server import answer, content, hang, role_chunk

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


def message(text="Hello?", parent=None, **more):
    return {"text": text, "client_id": str(uuid.uuid4()), "parent": parent or "", **more}


async def post(page, path, data=None):
    return await page.post(path, data or {}, headers=HTMX)


async def newest_answer():
    return await Message.objects.filter(role=Role.ASSISTANT).alatest("created_at")


async def test_sending_answers_202_with_the_exchange(page, conversation, upstream):
    response = await post(page, f"/c/{conversation.pk}/messages/", message("Hello <b>"))

    html = response.content.decode()
    found = await newest_answer()
    assert response.status_code == 202
    assert "Hello &lt;b&gt;" in html
    assert f'data-message-id="{found.pk}"' in html
    await ended(found)


async def test_the_first_message_makes_its_conversation(page, upstream, quick, prices):
    wanted = message(
        "Why is tea   better than coffee?", model="gpt-4o-mini", system_message="Be brief.",
        temperature="0.5",
    )  # fmt: skip

    response = await post(page, "/c/", wanted)
    again = await post(page, "/c/", wanted)

    made = await Conversation.objects.select_related("system_message").aget()
    assert (response.status_code, again.status_code) == (202, 202)
    assert response.headers["HX-Redirect"] == again.headers["HX-Redirect"] == f"/c/{made.pk}/"
    assert (made.title, made.temperature) == ("Why is tea better than coffee?", 0.5)
    assert made.system_message.text == "Be brief."
    await ended(await newest_answer())
    assert upstream.requests[0].body["temperature"] == 0.5


async def test_a_message_is_kept_to_the_letter(page, conversation, upstream):
    text = "  two spaces\r\n\ttab\n\n"

    await post(page, f"/c/{conversation.pk}/messages/", message(text))

    assert (await Message.objects.aget(role=Role.USER)).text == "  two spaces\n\ttab\n\n"
    await ended(await newest_answer())


async def test_what_no_database_can_hold_is_replaced(page, conversation, upstream):
    await post(page, f"/c/{conversation.pk}/messages/", message("a\x00b"))

    assert (await Message.objects.aget(role=Role.USER)).text == "a\ufffdb"
    await ended(await newest_answer())


@pytest.mark.parametrize(
    ("wanted", "status", "words"),
    [
        (message(" \n "), 422, "Write a message first."),
        (message(""), 422, "Write a message first."),
        ({"text": "Hi", "client_id": "nonsense"}, 422, "valid UUID"),
        (message("Hi", parent=str(uuid.uuid4())), 409, "This chat continued elsewhere."),
        (message("word " * 200_000), 422, "over the model"),
    ],
)
async def test_a_refusal_stores_nothing_and_says_why(
    page, conversation, upstream, wanted, status, words
):
    response = await post(page, f"/c/{conversation.pk}/messages/", wanted)

    assert (response.status_code, response.headers["HX-Retarget"]) == (status, "#notice")
    assert words in response.content.decode()
    assert (await Message.objects.acount(), len(upstream.requests)) == (0, 0)


async def test_a_message_over_the_bound_is_refused_with_its_length(
    page, conversation, upstream, settings
):
    settings.MAX_MESSAGE_LENGTH = 10

    response = await post(page, f"/c/{conversation.pk}/messages/", message("Hello there!"))

    assert "12 characters; 10 are allowed" in response.content.decode()


async def test_more_bytes_than_are_read_at_all_are_refused_in_words(
    page, conversation, upstream, settings
):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = await post(page, f"/c/{conversation.pk}/messages/", message("word " * 1000))

    assert response.status_code == 413
    assert "too long to be sent" in response.content.decode()


async def test_one_answer_at_a_time(page, conversation, upstream):
    upstream.play(role_chunk(), content("Slow"), hang())
    await post(page, f"/c/{conversation.pk}/messages/", message())
    running = await newest_answer()

    second = await post(page, f"/c/{conversation.pk}/messages/", message(parent=running.pk))

    assert second.status_code == 409
    assert "still being written" in second.content.decode()
    await post(page, f"/c/{conversation.pk}/messages/{running.pk}/stop/")
    await ended(running)


async def test_two_different_messages_at_once_one_goes_first(page, conversation, upstream):
    responses = await asyncio.gather(
        *(post(page, f"/c/{conversation.pk}/messages/", message(f"No {n}")) for n in range(4))
    )

    assert sorted(each.status_code for each in responses) == [202, 409, 409, 409]
    assert await Message.objects.acount() == 2
    await ended(await newest_answer())


async def test_a_site_that_is_full_says_so(page, conversation, upstream, settings):
    settings.MAX_QUEUED = 0

    response = await post(page, f"/c/{conversation.pk}/messages/", message())

    assert response.status_code == 429
    assert await Message.objects.acount() == 0


async def test_a_retry_is_a_sibling_and_both_are_kept(page, conversation, upstream):
    upstream.play(*answer("First"))
    upstream.play(*answer("Second"))
    await post(page, f"/c/{conversation.pk}/messages/", message())
    first = await ended(await newest_answer())

    response = await post(
        page,
        f"/c/{conversation.pk}/messages/{first.pk}/retry/",
        {"client_id": str(uuid.uuid4())},
    )
    second = await ended(await newest_answer())
    log = (await page.get(f"/c/{conversation.pk}/log/")).content.decode()

    assert response.status_code == 202
    assert (first.text, second.text) == ("First", "Second")
    assert (first.parent_id, first.pk != second.pk) == (second.parent_id, True)
    assert "2/2" in log
    assert "Second" in log
    assert upstream.requests[0].body["messages"] == upstream.requests[1].body["messages"]


async def test_stepping_to_another_version_shows_it(page, conversation, upstream):
    question = await sync_to_async(say)(conversation, Role.USER, "Hi")
    first = await sync_to_async(say)(conversation, Role.ASSISTANT, "First", question)
    await sync_to_async(say)(conversation, Role.ASSISTANT, "Second", question)

    response = await post(page, f"/c/{conversation.pk}/messages/{first.pk}/switch/")

    await conversation.arefresh_from_db(fields=["current_leaf"])
    assert conversation.current_leaf_id == first.pk
    assert "1/2" in response.content.decode()


async def test_stopping_what_has_ended_changes_nothing(page, conversation, upstream):
    question = await sync_to_async(say)(conversation, Role.USER, "Hi")
    done = await sync_to_async(say)(conversation, Role.ASSISTANT, "Hello", question)

    response = await post(page, f"/c/{conversation.pk}/messages/{done.pk}/stop/")

    await done.arefresh_from_db(fields=["status"])
    assert (response.status_code, done.status) == (204, Status.COMPLETE)


@pytest.mark.parametrize("act", ["retry", "stop", "switch"])
async def test_a_strangers_message_is_404(page, bob, conversation, upstream, act):
    foreign = await sync_to_async(make_conversation)(bob)
    question = await sync_to_async(say)(foreign, Role.USER, "Hi")
    secret = await sync_to_async(say)(foreign, Role.ASSISTANT, "Secret", question)
    form = {"client_id": str(uuid.uuid4())}

    theirs = await post(page, f"/c/{foreign.pk}/messages/{secret.pk}/{act}/", form)
    smuggled = await post(page, f"/c/{conversation.pk}/messages/{secret.pk}/{act}/", form)
    unknown = await post(page, f"/c/{foreign.pk}/messages/{uuid.uuid4()}/{act}/", form)

    assert [each.status_code for each in (theirs, smuggled, unknown)] == [404, 404, 404]


async def test_a_strangers_client_id_is_not_mine(page, bob, conversation, upstream):
    wanted = message()
    other = AsyncClient()
    await other.aforce_login(bob)
    await post(page, f"/c/{conversation.pk}/messages/", wanted)
    mine = await ended(await newest_answer())

    theirs = await other.post("/c/", {**wanted, "model": "gpt-4o-mini"}, headers=HTMX)

    assert theirs.status_code == 202
    assert str(mine.conversation_id) not in theirs.headers["HX-Redirect"]
    await ended(await newest_answer())


async def test_a_client_id_of_another_chat_is_refused_in_words(page, alice, conversation, upstream):
    other = await sync_to_async(make_conversation)(alice)
    wanted = message()
    await post(page, f"/c/{conversation.pk}/messages/", wanted)
    await ended(await newest_answer())

    response = await post(page, f"/c/{other.pk}/messages/", wanted)

    assert response.status_code == 422
    assert "already sent in another chat" in response.content.decode()


async def test_without_a_session_a_fragment_is_401_and_words(conversation):
    response = await AsyncClient().post(f"/c/{conversation.pk}/messages/", message(), headers=HTMX)

    assert (response.status_code, response.headers["HX-Retarget"]) == (401, "#notice")
    assert "Sign in again; your draft is kept." in response.content.decode()


async def test_without_a_csrf_token_it_is_403_and_words(alice, conversation):
    strict = AsyncClient(enforce_csrf_checks=True)
    await strict.aforce_login(alice)

    response = await post(strict, f"/c/{conversation.pk}/messages/", message())

    assert response.status_code == 403
    assert "out of date" in response.content.decode()
