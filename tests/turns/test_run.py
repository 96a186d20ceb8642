import asyncio
import uuid
from decimal import Decimal
from itertools import pairwise

import pytest
from asgiref.sync import sync_to_async

from conversations import turns
from conversations.models import Completion, Message, Role, Status
from conversations.turns.sharing import broadcasts, live
from tests.patience import PATIENCE
from tests.people import say
from tests.turns_kit import Watcher, ended, reached, send
from tests.upstream_server import (
    Gate,
    answer,
    close,
    content,
    done,
    error_response,
    event,
    finish,
    hang,
    raw,
    reasoning,
    role_chunk,
    usage,
)


async def test_an_answer_is_stored_priced_and_counted(conversation, upstream):
    upstream.play(*answer("Two cups of tea.", prompt=1000, completion=200))

    admitted = await send(conversation)
    found = await ended(admitted.answer)

    assert (found.status, found.text, found.html) == (
        Status.COMPLETE,
        "Two cups of tea.",
        "<p>Two cups of tea.</p>\n",
    )
    call = found.call
    # gpt-4o-mini: $0.15 in and $0.60 out per million tokens.
    assert call.cost == Decimal("0.00027")
    assert (call.prompt_tokens, call.completion_tokens, call.is_estimated) == (1000, 200, False)
    assert (call.finish_reason, call.error) == ("stop", "")
    assert call.first_token_ms is not None
    await conversation.arefresh_from_db(
        fields=["cost", "prompt_tokens", "completion_tokens", "calls_of_unknown_cost"]
    )
    assert (conversation.total_tokens, conversation.cost) == (1200, Decimal("0.00027"))


async def test_the_whole_path_is_sent_system_message_first(conversation, upstream):
    from conversations import threads

    await sync_to_async(threads.set_system_message)(conversation, "Be brief.")
    await sync_to_async(say)(conversation, Role.USER, "Hi")
    await sync_to_async(say)(conversation, Role.ASSISTANT, "Hello.")
    await sync_to_async(say)(conversation, Role.ASSISTANT, "Anything else?")

    await ended((await send(conversation, "Tea")).answer)

    [request] = upstream.requests
    assert request.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "assistant", "content": "Anything else?"},
        {"role": "user", "content": "Tea"},
    ]


async def test_frames_cover_the_text_without_gap_or_overlap(conversation, upstream):
    gates = [Gate(), Gate()]
    upstream.play(
        role_chunk(), content("one "), gates[0], content("two "), gates[1], content("three"),
        finish("stop"), usage(5, 3), done(),
    )  # fmt: skip
    watcher = Watcher(conversation)

    admitted = await send(conversation)
    for gate in gates:
        await reached(gate)
        gate.open()
    await ended(admitted.answer)

    spans = [(frame.begin, frame.end) for frame in watcher.frames()]
    assert spans[:2] == [(0, 4), (4, 8)]
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert watcher.events[-1] == broadcasts.AnswerEnded(admitted.answer.pk, changes=2)


async def test_a_broken_reader_takes_nothing_from_the_others(conversation, upstream):
    class Broken(Watcher):
        async def tell(self, event):
            raise RuntimeError("its socket is gone")

    broken, watcher = Broken(conversation), Watcher(conversation)
    gate = Gate()
    upstream.play(role_chunk(), content("One "), gate, content("two"), finish("stop"), done())

    admitted = await send(conversation)
    await reached(gate)
    gate.open()
    found = await ended(admitted.answer)

    assert (broken.events, found.text) == ([], "One two")
    assert watcher.frames()[0].end == 4
    assert watcher.events[-1] == broadcasts.AnswerEnded(admitted.answer.pk, changes=2)


async def test_stop_keeps_the_text_and_closes_the_upstream(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Half an "), gate, hang())

    admitted = await send(conversation)
    await reached(gate)
    gate.open()
    await asyncio.sleep(0.1)
    assert await turns.stop(conversation, admitted.answer.pk)
    found = await ended(admitted.answer)

    assert (found.status, found.text) == (Status.STOPPED, "Half an ")
    assert await asyncio.to_thread(upstream.requests[0].disconnected.wait, PATIENCE)
    assert found.call.is_estimated
    assert found.call.prompt_tokens == found.call.estimated_prompt_tokens > 0
    assert found.call.cost > 0


async def test_stop_by_another_process_is_noticed(conversation, upstream):
    upstream.play(role_chunk(), content("Half "), hang())

    admitted = await send(conversation)
    await asyncio.to_thread(upstream.wait_for_request)
    await Message.objects.filter(pk=admitted.answer.pk).aupdate(stop_asked=True)
    found = await ended(admitted.answer)

    assert found.status == Status.STOPPED


async def test_the_same_client_id_is_one_message_and_one_call(conversation, upstream):
    client_id = uuid.uuid4()
    wish = turns.Wish("Hello?", client_id, None)

    both = await asyncio.gather(
        *(turns.send(conversation.owner, conversation, wish) for _ in range(5))
    )
    await ended(both[0].answer)
    again = await turns.send(conversation.owner, conversation, wish)

    assert {each.answer.pk for each in [*both, again]} == {both[0].answer.pk}
    assert len(upstream.requests) == 1
    assert await conversation.messages.acount() == 2


@pytest.mark.parametrize(
    ("script", "error", "words", "cost"),
    [
        ([error_response(401, "invalid_api_key", "no")], "authentication", "API key", 0),
        ([error_response(500, "server_error", "no")], "server", "failed (500)", 0),
        ([error_response(429, "rate_limit_exceeded", "no")], "rate_limit", "rate-limiting", 0),
        ([role_chunk(), content("Half"), close()], "connection_lost", "broke", None),
        ([role_chunk(), content("Half"), done()], "cut_off", "broke off", None),
        ([raw(b"<html>Sign in</html>")], "server", "a web page", 0),
        (
            [event({"error": {"code": "invalid_api_key", "message": "x"}})],
            "authentication",
            "key",
            0,
        ),
    ],
)
async def test_each_failure_is_kept_by_name(conversation, upstream, script, error, words, cost):
    from conversations.transcript import notice_of

    upstream.play(*script)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.error) == (Status.FAILED, error)
    assert words in notice_of(found).words
    if cost is not None:
        assert found.call.cost == cost
    else:
        assert found.text == "Half"
        assert found.call.is_estimated


async def test_partial_text_is_stored_while_it_streams(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, finish("stop"), done())

    admitted = await send(conversation)
    await reached(gate)
    stored = Message.objects.filter(pk=admitted.answer.pk, text="So far")
    async with asyncio.timeout(PATIENCE):
        while not await stored.aexists():  # noqa: ASYNC110 - it is asked of the database
            await asyncio.sleep(0.01)
    partial = await Message.objects.aget(pk=admitted.answer.pk)
    gate.open()
    await ended(admitted.answer)

    assert (partial.status, partial.text, partial.html) == (Status.STREAMING, "So far", "")


async def test_a_run_that_lost_its_answer_writes_nothing_more(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Mine"), gate, content(" still"), hang())
    admitted = await send(conversation)
    await reached(gate)
    await asyncio.sleep(0.15)

    taken = Message.objects.filter(pk=admitted.answer.pk)
    await taken.aupdate(run=uuid.uuid4(), status=Status.INTERRUPTED, text="Theirs")
    gate.open()
    found = await ended(admitted.answer)

    assert (found.status, found.text) == (Status.INTERRUPTED, "Theirs")
    assert await asyncio.to_thread(upstream.requests[0].disconnected.wait, PATIENCE)


async def test_shutdown_ends_answers_as_interrupted_with_their_text(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Until now"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)

    await turns.shutdown()
    found = await Message.objects.prefetch_related("completions").aget(pk=admitted.answer.pk)

    assert (found.status, found.text) == (Status.INTERRUPTED, "Until now")
    assert found.call.ended_at is not None
    assert live.running() == ()


async def test_reasoning_is_kept_apart(conversation, upstream):
    upstream.play(
        role_chunk(), reasoning("Hm. "), content("Yes."), finish("stop"), usage(5, 9), done()
    )

    found = await ended((await send(conversation)).answer)
    upstream.play(*answer("And no."))
    await ended((await send(conversation, "Why?")).answer)

    assert (found.text, found.reasoning) == ("Yes.", "Hm. ")
    assert {"role": "assistant", "content": "Yes."} in upstream.requests[1].body["messages"]


async def test_usage_that_the_api_does_not_tell_is_counted_and_marked(conversation, upstream):
    upstream.play(role_chunk(), content("Hello there!"), finish("stop"), done())

    found = await ended((await send(conversation)).answer)

    assert found.status == Status.COMPLETE
    assert (found.call.completion_tokens, found.call.is_estimated) == (3, True)


async def test_cost_of_an_unknown_model_is_unknown_and_not_zero(conversation, upstream):
    conversation.model = "house-model"
    await conversation.asave()
    upstream.play(*answer("Hello", prompt=10, completion=2))

    found = await ended((await send(conversation)).answer)
    await conversation.arefresh_from_db(
        fields=["cost", "prompt_tokens", "completion_tokens", "calls_of_unknown_cost"]
    )

    assert found.call.cost is None
    assert (conversation.cost, conversation.calls_of_unknown_cost) == (0, 1)


async def test_the_ledger_row_proves_what_was_sent(conversation, upstream):
    from conversations.context import canonical_json
    from conversations.text import sha256

    found = await ended((await send(conversation, "Tea")).answer)

    call = await Completion.objects.aget(message=found)
    sent = upstream.requests[0].body
    assert call.context_sha256 == sha256(canonical_json(sent["messages"]))
    assert [entry["state"] for entry in call.context] == ["sent"]
    assert call.context[0]["sha256"] == sha256("Tea")
    assert call.parameters == {key: sent[key] for key in sent if key != "messages"}
