"""A new conversation that begins with a summary of this one."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations import threads, turns
from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import (
    Beginning,
    Completion,
    Conversation,
    Message,
    Role,
    Standing,
    Status,
)
from conversations.turns.drafting.draft import FRESH_OPENING, FRESH_START
from tests.people import make_conversation, say
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, answer, error_response, role_chunk


@pytest.fixture
def talk(conversation):
    conversation.strategy = "everything"
    conversation.temperature = 0.5
    conversation.save()
    threads.set_system_message(conversation, "Be brief.")
    say(conversation, Role.USER, "Which tea?")
    say(conversation, Role.ASSISTANT, "Green.")
    return conversation


async def begin(conversation, client_id=None):
    return await turns.fresh_start(conversation.owner, conversation, client_id or uuid.uuid4())


async def test_it_begins_with_a_summary_that_is_written_as_one_watches(talk, upstream):
    upstream.play(*answer("They settled on green tea."))

    summary = await ended((await begin(talk)).answer)

    assert (summary.role, summary.parent_id, summary.standing) == (
        Role.ASSISTANT,
        None,
        Standing.PINNED,
    )
    assert summary.text == f"{FRESH_OPENING}They settled on green tea."
    assert upstream.requests[0].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Which tea?"},
        {"role": "assistant", "content": "Green."},
        {"role": "user", "content": FRESH_START},
    ]


async def test_it_has_a_link_back_and_the_same_settings(talk, upstream):
    admitted = await begin(talk)
    await ended(admitted.answer)

    fresh = await Conversation.objects.select_related("system_message").aget(
        pk=admitted.answer.conversation_id
    )
    assert (fresh.started_from_id, fresh.beginning) == (talk.pk, Beginning.FRESH_START)
    assert (fresh.temperature, fresh.system_message.text) == (0.5, "Be brief.")
    assert fresh.owner_id == talk.owner_id


async def test_the_next_message_goes_with_the_summary_and_nothing_else(talk, upstream):
    upstream.play(*answer("They settled on green tea."))
    admitted = await begin(talk)
    await ended(admitted.answer)
    fresh = await Conversation.objects.select_related("owner").aget(
        pk=admitted.answer.conversation_id
    )

    await ended((await send(fresh, "Where from?")).answer)

    assert upstream.requests[1].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": f"{FRESH_OPENING}They settled on green tea."},
        {"role": "user", "content": "Where from?"},
    ]


async def test_a_thread_that_no_longer_fits_is_summarised_piece_by_piece(talk, upstream, settings):
    settings.DEFAULT_CONTEXT_WINDOW = 400
    talk.model, talk.max_tokens = "local-model", 50
    await talk.asave()
    for number in range(8):
        await sync_to_async(say)(talk, Role.USER, f"{number} " + "tea " * 40)
        await sync_to_async(say)(talk, Role.ASSISTANT, f"{number} " + "rain " * 40)

    summary = await ended((await begin(talk)).answer)

    assert summary.status == Status.COMPLETE
    assert len(upstream.requests) > 2
    assert upstream.requests[-1].body["messages"][-1]["content"] == FRESH_START
    purposes = [each.purpose async for each in Completion.objects.order_by("pk")]
    assert purposes == [*["summary"] * (len(purposes) - 1), "answer"]


async def test_the_same_request_twice_is_one_conversation(talk, upstream):
    client_id = uuid.uuid4()

    first, again = await begin(talk, client_id), await begin(talk, client_id)
    await ended(first.answer)

    assert first.answer.pk == again.answer.pk
    assert await Conversation.objects.acount() == 2


async def test_one_that_failed_can_be_tried_again_but_not_continued(talk, upstream):
    upstream.play(*error_response(500))
    failed = await ended((await begin(talk)).answer)
    fresh = await Conversation.objects.aget(pk=failed.conversation_id)
    failed.conversation = fresh

    with pytest.raises(InvalidInput):
        await turns.continue_answer(talk.owner, fresh, failed, uuid.uuid4())
    upstream.play(*answer("Green tea."))
    again = await ended((await turns.retry(talk.owner, fresh, failed, uuid.uuid4())).answer)

    assert failed.status == Status.FAILED
    assert again.text == f"{FRESH_OPENING}Green tea."
    assert again.pk != failed.pk


async def test_one_that_failed_leaves_no_words_of_ours_behind(talk, upstream):
    upstream.play(*error_response(401))

    failed = await ended((await begin(talk)).answer)

    assert failed.text == ""


async def test_it_is_not_written_again_once_its_chat_is_deleted(talk, upstream):
    summary = await ended((await begin(talk)).answer)
    fresh = await Conversation.objects.select_related("owner").aget(pk=summary.conversation_id)
    await Conversation.objects.filter(pk=talk.pk).aupdate(deleted_at="2026-01-01T00:00Z")

    with pytest.raises(InvalidInput, match="was deleted"):
        await turns.retry(fresh.owner, fresh, summary, uuid.uuid4())
    assert len(upstream.requests) == 1


async def test_nothing_is_written_above_it_while_it_is_written(talk, upstream):
    gate = Gate()
    upstream.play(role_chunk(), gate, *answer("Green.")[1:])
    admitted = await begin(talk)
    await reached(gate)
    fresh = await Conversation.objects.aget(pk=admitted.answer.conversation_id)

    with pytest.raises(AnswerRunning):
        await sync_to_async(threads.write)(fresh, None, Role.USER, "Hi")
    gate.open()
    await ended(admitted.answer)


async def test_with_something_above_it_it_is_the_same_summary_again(talk, upstream):
    summary = await ended((await begin(talk)).answer)
    fresh = await Conversation.objects.select_related("owner").aget(pk=summary.conversation_id)
    await sync_to_async(threads.write)(fresh, None, Role.SYSTEM, "Hi there")
    summary = await Message.objects.select_related("parent", "conversation").aget(pk=summary.pk)

    await ended((await turns.retry(fresh.owner, fresh, summary, uuid.uuid4())).answer)

    assert upstream.requests[1].body["messages"] == upstream.requests[0].body["messages"]


async def test_an_empty_chat_has_nothing_to_begin_anew_from(alice, upstream):
    with pytest.raises(InvalidInput):
        await begin(await sync_to_async(make_conversation)(alice))
