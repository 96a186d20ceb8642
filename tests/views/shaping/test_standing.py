"""What of a thread counts: pinned, excluded, deleted, taken along into another chat."""

import uuid

import pytest
from django.utils import timezone

from conversations.models import Beginning, Conversation
from conversations.turns.sharing import broadcasts
from tests.turns_kit import Watcher
from tests.views.shaping.acts import act


@pytest.mark.parametrize(
    ("standing", "words"), [("pinned", "Pinned"), ("excluded", "Not sent: excluded")]
)
async def test_a_message_can_be_pinned_and_excluded_and_freed(page, talk, standing, words):
    response = await act(page, talk, "Hello", "standing", standing=standing)
    assert f">{words}<" in response.content.decode()
    assert (await talk.messages.aget(text="Hello")).standing == standing

    freed = await act(page, talk, "Hello", "standing", standing="free")
    assert f">{words}<" not in freed.content.decode()


async def test_a_deleted_message_is_a_line_and_can_be_brought_back(page, talk):
    response = await act(page, talk, "Hello", "delete")
    html = response.content.decode()
    assert "Message deleted. Later messages may refer to it." in html
    assert "Hello" not in html
    assert "Tea?" in html

    back = await act(page, talk, "Hello", "restore")
    assert "Message deleted" not in back.content.decode()
    assert "Hello" in back.content.decode()


async def test_a_branch_leads_to_a_new_chat_that_says_where_it_came_from(page, talk):
    response = await act(page, talk, "Hello", "branch")

    made = await Conversation.objects.aget(beginning=Beginning.BRANCH)
    assert (response.status_code, response.headers["HX-Redirect"]) == (202, f"/c/{made.pk}/")
    html = (await page.get(f"/c/{made.pk}/")).content.decode()
    assert f'Branched from <a href="/c/{talk.pk}/">“Tea”</a>' in html


async def test_the_same_branch_again_leads_to_the_same_chat(page, talk):
    form = {"client_id": str(uuid.uuid4())}

    responses = [await act(page, talk, "Hello", "branch", **form) for _ in range(2)]

    made = await Conversation.objects.aget(beginning=Beginning.BRANCH)
    assert [each.headers["HX-Redirect"] for each in responses] == [f"/c/{made.pk}/"] * 2


async def test_a_branch_does_not_name_what_was_deleted(page, talk):
    await act(page, talk, "Hello", "branch")
    made = await Conversation.objects.aget(beginning=Beginning.BRANCH)
    await Conversation.objects.filter(pk=talk.pk).aupdate(deleted_at=timezone.now())

    html = (await page.get(f"/c/{made.pk}/")).content.decode()

    assert "Branched from" not in html


@pytest.mark.parametrize("name", ["write", "standing", "delete"])
async def test_other_pages_are_told(page, talk, name):
    watcher = Watcher(talk)

    await act(page, talk, "Hello", name)

    assert watcher.events == [broadcasts.ThreadChanged(changes=1)]
