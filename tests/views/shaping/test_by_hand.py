"""Messages that somebody writes in the place of either."""

import pytest

from conversations.models import Conversation, Role
from tests.views.shaping.acts import ACTS, act, fresh, newest, post, shown


@pytest.mark.parametrize("role", Role.values)
async def test_a_message_can_be_written_in_between(page, talk, upstream, role):
    response = await act(page, talk, "Hello", "write", role=role)

    assert response.status_code == 200
    assert response.headers["Chat-Turn"] == str((await newest()).pk)
    assert await shown(page, talk) == ["Hi", "Hello", "By hand", "Tea?", "Green"]
    assert "Written by hand" in response.content.decode()
    assert upstream.requests == []


async def test_a_message_can_be_written_at_the_very_start(page, talk):
    response = await post(page, f"/c/{talk.pk}/write/", fresh(ACTS["write"]))

    assert response.status_code == 200
    assert (await shown(page, talk))[0] == "By hand"


async def test_a_chat_can_begin_by_hand(page, upstream):
    form = fresh(ACTS["write"]) | {"model": "gpt-4o-mini", "system_message": "Be brief."}

    responses = [await post(page, "/c/write/", form) for _ in range(2)]

    made = await Conversation.objects.select_related("system_message").aget()
    assert [each.headers["HX-Redirect"] for each in responses] == [f"/c/{made.pk}/"] * 2
    assert (made.title, made.system_message.text) == ("By hand", "Be brief.")
    assert upstream.requests == []
