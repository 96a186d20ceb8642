"""What asks the model: an edited question, Continue, another try, a fresh start."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations.models import Beginning, Conversation, Origin, Role
from tests.people import say
from tests.turns_kit import ended
from tests.upstream_server import answer
from tests.views.shaping.acts import ACTS, act, fresh, newest, post, shown


async def test_an_edited_question_is_another_version_with_its_answer(page, talk, upstream):
    upstream.play(*answer("Black"))

    response = await act(page, talk, "Tea?", "edit", text="Coffee?")

    html = response.content.decode()
    assert response.status_code == 202
    assert "Coffee?" in html
    assert "2/2" in html
    await ended(await newest())
    assert await shown(page, talk) == ["Hi", "Hello", "Coffee?", "Black"]
    assert [each["content"] for each in upstream.requests[0].body["messages"]] == [
        "Hi",
        "Hello",
        "Coffee?",
    ]


async def test_the_branch_of_the_old_version_is_whole(page, talk, upstream):
    old = await talk.messages.aget(text="Hi")
    await act(page, talk, "Hi", "edit", text="Good day")
    await ended(await newest())

    await post(page, f"/c/{talk.pk}/messages/{old.pk}/switch/")

    assert await shown(page, talk) == ["Hi", "Hello", "Tea?", "Green"]


@pytest.mark.parametrize(("text", "form"), [("Hello", {}), ("Tea?", {"send": "no"})])
async def test_a_version_can_be_saved_without_a_call(page, talk, upstream, text, form):
    response = await act(page, talk, text, "edit", text="Rewritten", **form)

    made = await newest()
    assert response.status_code == 200
    assert response.headers["Chat-Turn"] == str(made.pk)
    assert made.origin == Origin.WRITTEN
    assert (await shown(page, talk))[-1] == "Rewritten"
    assert upstream.requests == []


async def test_a_repeated_edit_changes_nothing(page, talk, upstream):
    old = await talk.messages.aget(text="Hello")
    form = fresh(ACTS["edit"])

    for _ in range(2):
        await post(page, f"/c/{talk.pk}/messages/{old.pk}/edit/", form)

    assert await talk.messages.filter(parent=old.parent_id).acount() == 2


async def test_an_answer_can_be_continued(page, talk, upstream):
    upstream.play(*answer(" or black."))
    running = await talk.messages.aget(text="Green")

    response = await act(page, talk, "Green", "continue")

    assert response.status_code == 202
    assert f'data-message-id="{running.pk}"' in response.content.decode()
    assert (await ended(running)).text == "Green or black."
    assert await talk.messages.acount() == 4


async def test_a_message_without_answer_can_get_one(page, conversation, upstream):
    await sync_to_async(say)(conversation, Role.USER, "Tea?")
    upstream.play(*answer("Green"))

    before = (await page.get(f"/c/{conversation.pk}/log/")).content.decode()
    response = await act(page, conversation, "Tea?", "answer")

    assert "Get an answer" in before
    assert response.status_code == 202
    assert "Get an answer" not in response.content.decode()
    await ended(await newest())
    assert await shown(page, conversation) == ["Tea?", "Green"]


async def test_a_retry_may_ask_another_model(page, talk, upstream):
    old = await talk.messages.aget(text="Green")
    form = {"client_id": str(uuid.uuid4()), "model": "gpt-4o"}

    response = await post(page, f"/c/{talk.pk}/messages/{old.pk}/retry/", form)

    assert response.status_code == 202
    assert (await ended(await newest())).model == "gpt-4o"
    assert upstream.requests[0].body["model"] == "gpt-4o"
    await talk.arefresh_from_db()
    assert talk.model == "gpt-4o-mini"


@pytest.mark.parametrize("model", ["<b>", "gpt-5-pro"])
async def test_a_retry_asks_no_model_that_cannot_answer(page, talk, upstream, prices, model):
    old = await talk.messages.aget(text="Green")
    form = {"client_id": str(uuid.uuid4()), "model": model}

    response = await post(page, f"/c/{talk.pk}/messages/{old.pk}/retry/", form)

    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#notice")
    assert await talk.messages.acount() == 4


async def test_a_fresh_start_leads_to_a_new_chat(page, talk, upstream):
    upstream.play(*answer("They spoke of tea."))

    response = await post(page, f"/c/{talk.pk}/fresh/", {"client_id": str(uuid.uuid4())})

    made = await Conversation.objects.aget(beginning=Beginning.FRESH_START)
    assert (response.status_code, response.headers["HX-Redirect"]) == (202, f"/c/{made.pk}/")
    await ended(await made.messages.aget(role=Role.ASSISTANT))
    html = (await page.get(f"/c/{made.pk}/")).content.decode()
    assert "Fresh start of" in html
    assert f'href="/c/{talk.pk}/"' in html
