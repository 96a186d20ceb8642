"""What will be sent, what was sent, and what the provider received are one and the same."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations import threads
from conversations.context import STRATEGIES, canonical_json
from conversations.models import Completion, Message, Preset, Role, Standing
from tests.people import make_conversation, say
from tests.turns_kit import ended
from tests.views.drawers import *  # noqa: F403
from tests.views.drawers import TEXT, body_of, drawer, preview, received, send, words

NUMBERS = {
    "window": {"turns": 3},
    "summary": {"summary_tokens": 150},
    "retrieve": {"found_messages": 2},
}

# --- one and the same -------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_preview_request_and_drawer_are_one(page, talk, upstream, strategy, settings):
    if strategy == "everything":
        settings.DEFAULT_CONTEXT_WINDOW = 100_000
    talk.strategy, talk.strategy_numbers = strategy, NUMBERS.get(strategy, {})
    await talk.asave()
    await send(page, talk, "First, so that a summary is there")
    before = await preview(page, talk)

    found = await send(page, talk)
    after = await drawer(page, found)

    sent = received(upstream)
    assert canonical_json(body_of(before)) == canonical_json(sent)
    assert canonical_json(body_of(after)) == canonical_json(sent)
    assert "Proved: the SHA-256" in words(after)
    call = await found.completions.aget()
    states = {entry["state"] for entry in call.context}
    assert states == {
        "fit": {"sent", "left out"},
        "window": {"sent", "left out"},
        "summary": {"sent", "summarised"},
        "retrieve": {"sent", "retrieved", "left out"},
        "everything": {"sent"},
    }.get(strategy, states)
    assert STRATEGIES[strategy].label in words(after)


async def test_pinned_and_excluded_messages_are_in_both(page, talk, upstream):
    path = await sync_to_async(threads.path_to)(talk, talk.current_leaf_id)
    await sync_to_async(threads.set_standing)(path[0], Standing.PINNED)
    await sync_to_async(threads.set_standing)(path[-1], Standing.EXCLUDED)
    await sync_to_async(threads.delete)(path[-3])
    before = await preview(page, talk)

    found = await send(page, talk)
    after = await drawer(page, found)

    sent = received(upstream)
    assert canonical_json(body_of(before)) == canonical_json(sent)
    assert canonical_json(body_of(after)) == canonical_json(sent)
    assert sent["messages"][1]["content"] == path[0].text
    for each in (before, after):
        assert "Sent: pinned" in words(each)
        assert "Excluded" in words(each)
        assert path[-3].text not in words(each)


async def test_a_new_chats_preview_is_what_its_first_request_holds(page, upstream, quick, prices):
    form = {"text": TEXT, "model": "gpt-4o-mini", "system_message": "Be brief.", "top_p": "0.5"}

    before = await page.post("/preview/", form)
    await page.post("/c/", form | {"client_id": str(uuid.uuid4()), "parent": ""})
    found = await ended(await Message.objects.aget(role=Role.ASSISTANT))

    assert canonical_json(body_of(before)) == canonical_json(received(upstream))
    assert canonical_json(body_of(await drawer(page, found))) == canonical_json(received(upstream))


async def test_a_presets_examples_are_in_the_preview_of_a_new_chat(
    page, upstream, quick, prices, alice
):
    examples = [{"role": "user", "text": "Tea?"}, {"role": "assistant", "text": "Green."}]
    preset = await Preset.objects.acreate(
        owner=alice, name="Teas", model="gpt-4o-mini", examples=examples
    )
    form = {"text": TEXT, "model": "gpt-4o-mini", "preset": preset.pk}

    before = await page.post("/preview/", form)
    await page.post("/c/", form | {"client_id": str(uuid.uuid4()), "parent": ""})
    found = await Message.objects.filter(role=Role.ASSISTANT).alatest("created_at")
    await ended(found)

    sent = received(upstream)
    assert [each["content"] for each in sent["messages"]] == ["Tea?", "Green.", TEXT]
    assert canonical_json(body_of(before)) == canonical_json(sent)
    assert canonical_json(body_of(await drawer(page, found))) == canonical_json(sent)


async def test_what_is_found_in_other_chats_is_shown_and_proved(page, talk, upstream, alice):
    other = await sync_to_async(make_conversation)(alice, title="Other")
    told = await sync_to_async(say)(other, Role.USER, "Darjeeling <i>first flush</i>, brewed")
    talk.strategy, talk.strategy_numbers = "retrieve", {"found_everywhere": 1}
    await talk.asave()

    found = await send(page, talk, "How is darjeeling first flush brewed?")
    after = await drawer(page, found)

    assert "Found by search" in words(after)
    assert told.text in words(after)
    assert "Proved" in words(after)
    other.deleted_at = other.created_at
    await other.asave()
    gone = words(await drawer(page, found))
    assert told.text not in gone
    assert "Cannot be shown whole: a message was deleted since; the rest is as it was sent." in gone


# --- before it is sent ------------------------------------------------------------------------


async def test_the_preview_says_what_is_left_out_and_why(page, talk):
    said = words(await preview(page, talk))

    assert "Left out: over the limit" in said
    assert "Your message Sent" in said
    assert "≈ " in said
    assert "cost unknown" in said


async def test_the_preview_shows_no_markup_of_a_text(page, talk):
    html = (await preview(page, talk)).content.decode()

    assert "<b>darjeeling" not in html
    assert "&lt;b&gt;darjeeling" in html


async def test_what_cannot_be_sent_is_shown_with_what_is_wrong(page, talk):
    talk.strategy = "everything"
    await talk.asave()

    response = await preview(page, talk)

    assert response.status_code == 200
    assert "tokens over the model's limit, and this chat leaves nothing out." in words(response)
    assert "Does not fit: over the limit" in words(response)
    assert body_of(response) is None


async def test_without_a_draft_the_preview_says_so(page, talk):
    assert "Nothing is written yet." in words(await preview(page, talk, ""))


async def test_a_summary_that_will_be_written_first_is_announced(page, talk):
    talk.strategy, talk.strategy_numbers = "summary", {"summary_tokens": 150}
    await talk.asave()

    assert "A summary is written first" in words(await preview(page, talk))


async def test_a_preview_stores_nothing_but_counts(page, talk):
    before = await Message.objects.acount()

    await preview(page, talk)

    assert await Message.objects.acount() == before
    assert not await Completion.objects.aexists()
