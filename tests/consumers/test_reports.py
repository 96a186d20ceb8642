"""A page reports where it stands, and is told where it should: a lost packet comes to light."""

import json

import pytest

from conversations import turns
from tests.consumers.kit import next_of, opened
from tests.turns_kit import reached, send
from tests.upstream_server import Gate, content, hang, reasoning, role_chunk


@pytest.fixture
async def held(conversation, upstream):
    """A running answer that has thought "Well" and said "So far"."""
    gate = Gate()
    upstream.play(role_chunk(), reasoning("Well"), content("So far"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    return str(admitted.answer.pk), turns.shown(conversation.pk, admitted.answer.pk)


async def said_to(page, **report):
    """What the page is sent because of this report."""
    await page.send_to(json.dumps(report))
    packets = [await next_of(page, "here")]
    while not await page.receive_nothing(0.2):
        packets.append(json.loads(await page.receive_from()))
    return packets


async def test_a_sign_of_life_is_answered_with_how_far_the_answer_is(
    conversation, alices_client, held
):
    answer, now = held
    page = await opened(alices_client, conversation.pk)

    [here] = await said_to(page, seen={answer: 3}, thoughts={answer: 4}, changes=1)

    assert here["at"] == {answer: {"to": 6, "thoughtTo": 4, "source": now.source}}
    await page.disconnect()


async def test_a_page_that_asks_is_sent_it_instead(conversation, alices_client, held):
    answer, _ = held
    page = await opened(alices_client, conversation.pk)

    here, frame = await said_to(page, show={answer: 3}, thoughts={answer: 4}, changes=1)

    assert (here["type"], here["at"]) == ("here", {})
    assert (frame["whole"], frame["to"], frame["thoughtTo"]) == (True, 6, 4)
    await page.disconnect()


@pytest.mark.parametrize(("thoughts", "packets"), [(4, 1), (3, 2), (0, 2)])
async def test_reasoning_counts_as_text_does(conversation, alices_client, held, thoughts, packets):
    answer, now = held
    page = await opened(alices_client, conversation.pk)
    source = {answer: now.source}

    said = await said_to(
        page, show={answer: 6}, thoughts={answer: thoughts}, sources=source, changes=1
    )

    assert len(said) == packets
    await page.disconnect()


async def test_a_frame_says_which_of_the_reasoning_it_covers(conversation, alices_client, upstream):
    gate = Gate()
    upstream.play(role_chunk(), reasoning("Well"), gate, reasoning(", then"), hang())
    await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)
    gate.open()

    frame = await next_of(page, "frame")

    assert (frame["from"], frame["to"]) == (0, 0)
    assert (frame["thoughtFrom"], frame["thoughtTo"], frame["reasoning"]) == (4, 10, ", then")
    await page.disconnect()


async def test_the_newest_change_is_told_with_each_sign_of_life(conversation, alices_client):
    page = await opened(alices_client, conversation.pk)
    await said_to(page, show={}, changes=0)
    await turns.tell_thread_changed(conversation.pk, 1)

    packets = await said_to(page, seen={}, changes=0)

    [here] = [each for each in packets if each["type"] == "here"]
    assert here["changes"] == 1
    await page.disconnect()
