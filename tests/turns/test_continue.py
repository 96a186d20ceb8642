"""An answer that ended too early goes on: one message, one more call."""

import uuid
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async

from conversations import rendering, threads, turns
from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Completion, Message, Role, Standing, Status
from conversations.turns.drafting.draft import CONTINUE
from tests.people import say
from tests.turns_kit import Watcher, ended, reached, send
from tests.upstream_server import Gate, answer, close, content, role_chunk


async def cut_short(conversation, upstream, text="# Tea\n\nOne "):
    upstream.play(*answer(text, reason="length", prompt=10, completion=4))
    return await ended((await send(conversation, "Tell me.")).answer)


async def go_on(conversation, old, client_id=None):
    return await turns.continue_answer(
        conversation.owner, conversation, old, client_id or uuid.uuid4()
    )


async def test_the_text_goes_on_in_the_same_message(conversation, upstream):
    old = await cut_short(conversation, upstream)
    upstream.play(*answer("two.", prompt=20, completion=2))

    admitted = await go_on(conversation, old)
    found = await ended(admitted.answer)

    assert (found.pk, found.text, found.status) == (old.pk, "# Tea\n\nOne two.", Status.COMPLETE)
    assert found.html == rendering.render("# Tea\n\nOne two.")
    assert await Message.objects.acount() == 2


async def test_the_path_the_partial_answer_and_one_instruction_are_sent(conversation, upstream):
    old = await cut_short(conversation, upstream)

    await ended((await go_on(conversation, old)).answer)

    assert upstream.requests[1].body["messages"] == [
        {"role": "user", "content": "Tell me."},
        {"role": "assistant", "content": "# Tea\n\nOne "},
        {"role": "user", "content": CONTINUE},
    ]
    record = (await Completion.objects.order_by("pk").alast()).context
    assert [(entry["role"], entry.get("literal")) for entry in record] == [
        ("user", None),
        ("assistant", None),
        ("user", CONTINUE),
    ]
    assert record[1]["length"] == len("# Tea\n\nOne ")


async def test_each_call_is_charged_for_what_it_wrote(conversation, upstream):
    old = await cut_short(conversation, upstream)
    upstream.play(role_chunk(), content("two "), close())  # it breaks off: no usage is sent

    found = await ended((await go_on(conversation, old)).answer)

    first, second = [call async for call in Completion.objects.order_by("pk")]
    assert (first.completion_tokens, first.is_estimated) == (4, False)
    assert (second.completion_tokens, second.is_estimated) == (2, True)
    assert second.text_begin == len(old.text)
    await conversation.arefresh_from_db()
    assert conversation.calls == 2
    assert conversation.cost == first.cost + second.cost > Decimal(0)
    assert (found.status, found.text) == (Status.FAILED, "# Tea\n\nOne two ")


async def test_readers_get_only_what_is_new(conversation, upstream):
    old = await cut_short(conversation, upstream, "One ")
    gate = Gate()
    upstream.play(role_chunk(), content("two "), gate, *answer("three")[1:])
    watcher = Watcher(conversation)

    admitted = await go_on(conversation, old)
    await reached(gate)
    shown = turns.shown(conversation.pk, old.pk)
    gate.open()
    await ended(admitted.answer)

    assert (watcher.frames()[0].begin, watcher.frames()[0].end) == (4, 8)
    assert shown.position == 8
    assert "One two" in shown.settled + shown.tail


async def test_the_same_request_twice_is_one_call(conversation, upstream):
    old = await cut_short(conversation, upstream)
    client_id = uuid.uuid4()

    first = await go_on(conversation, old, client_id)
    again = await go_on(conversation, old, client_id)
    await ended(first.answer)
    later = await go_on(conversation, old, client_id)

    assert [each.is_new for each in (first, again, later)] == [True, False, False]
    assert len(upstream.requests) == 2


async def test_an_earlier_request_again_is_no_new_call(conversation, upstream):
    old = await cut_short(conversation, upstream)
    first, second = uuid.uuid4(), uuid.uuid4()
    for client_id in (first, second):
        await ended((await go_on(conversation, old, client_id)).answer)

    again = await go_on(conversation, old, first)

    assert (again.is_new, len(upstream.requests)) == (False, 3)


async def test_an_excluded_answer_is_not_continued(conversation, upstream):
    old = await cut_short(conversation, upstream)
    await sync_to_async(threads.set_standing)(old, Standing.EXCLUDED)

    with pytest.raises(InvalidInput, match="Bring it back"):
        await go_on(conversation, old)
    assert len(upstream.requests) == 1


async def test_while_it_runs_another_one_is_refused(conversation, upstream):
    old = await cut_short(conversation, upstream)
    gate = Gate()
    upstream.play(role_chunk(), gate, *answer("two")[1:])
    await go_on(conversation, old)

    with pytest.raises(AnswerRunning):
        await go_on(conversation, old)
    gate.open()


async def test_a_stopped_one_keeps_all_of_its_text(conversation, upstream):
    old = await cut_short(conversation, upstream, "One ")
    gate = Gate()
    upstream.play(role_chunk(), content("two "), gate, *answer("three")[1:])
    admitted = await go_on(conversation, old)
    await reached(gate)

    await turns.stop(conversation, admitted.answer.pk)

    found = await ended(admitted.answer)
    assert (found.status, found.text) == (Status.STOPPED, "One two ")
    gate.open()


async def test_what_is_followed_by_more_is_not_continued(conversation, upstream):
    old = await cut_short(conversation, upstream)
    await ended((await send(conversation, "And?")).answer)

    with pytest.raises(InvalidInput, match="goes on after"):
        await go_on(conversation, old)


async def test_only_an_answer_with_text_is_continued(conversation, upstream):
    question = await sync_to_async(say)(conversation, Role.USER, "Hi")
    empty = await sync_to_async(say)(conversation, Role.ASSISTANT, "")

    for message in (question, empty):
        with pytest.raises(InvalidInput, match="with text"):
            await go_on(conversation, message)
    assert upstream.requests == []
