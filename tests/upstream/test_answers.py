"""Every way an answer may come, over real HTTP and through the real SDK."""

import asyncio
import json

import pytest

from conversations.tokens import Usage
from conversations.upstream import Delta, deadlines, open_stream
from tests.upstream.conftest import ENDING, ask, call
from tests.upstream_server import (
    CREATED,
    FINGERPRINT,
    ID,
    MODEL,
    Gate,
    chunk,
    close,
    comment,
    content,
    done,
    finish,
    hang,
    json_response,
    pause,
    raw,
    reasoning,
    reset,
    respond,
    role_chunk,
    usage,
    words,
)


async def test_an_answer_arrives_with_all_that_is_known_of_it(upstream):
    upstream.play(role_chunk(), *words("Hello there!"), *ENDING)

    outcome = await call()

    assert outcome.error is None
    assert outcome.deltas == [Delta("Hello "), Delta("there!")]
    stream = outcome.stream
    assert (stream.id, stream.model, stream.created) == (ID, MODEL, CREATED)
    assert (stream.fingerprint, stream.finish_reason) == (FINGERPRINT, "stop")
    assert (stream.usage, stream.refused) == (Usage(9, 2), False)
    assert 0 < stream.first_token_seconds < 5


async def test_deltas_come_as_they_are_sent(upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("one "), gate, content("two"), *ENDING)

    async with open_stream(ask()) as stream:
        assert await anext(stream) == Delta("one ")
        assert (stream.id, stream.finish_reason, stream.usage) == (ID, "", None)
        gate.open()
        assert [delta async for delta in stream] == [Delta("two")]


ANSWERS = {
    "no role": [content("Hi"), *ENDING],
    "empty choices first": [chunk(choices=[]), content("Hi"), *ENDING],
    "choices null": [chunk(choices=None), content("Hi"), *ENDING],
    "comments": [comment(), comment("OPENROUTER PROCESSING"), content("Hi"), comment(), *ENDING],
    "blank lines before": [raw(b"\n\n\r\n"), content("Hi"), *ENDING],
    "named events": [raw(b"event: message\n"), content("Hi"), raw(b"event: ping\n\n"), *ENDING],
    "empty data": [raw(b"data:\n\n"), content("Hi"), raw(b"data: \n\n"), *ENDING],
    "BOM": [raw(b"\xef\xbb\xbf"), content("Hi"), *ENDING],
    "finish with the text": [chunk({"content": "Hi"}, "stop"), usage(9, 2), done()],
    "finish twice": [content("Hi"), finish("stop"), finish("length"), usage(9, 2), done()],
    "usage with the finish": [
        content("Hi"),
        finish() | {"usage": usage(9, 2)["usage"]},
        done(),
    ],
    "usage on every chunk": [
        content("H") | {"usage": usage(9, 1)["usage"]},
        content("i") | {"usage": usage(9, 2)["usage"]},
        finish(),
        done(),
    ],
    "usage before the finish": [content("Hi"), usage(9, 2), finish(), done()],
    "no [DONE]": [content("Hi"), finish(), usage(9, 2)],
    "no blank line at the end": [
        content("Hi"),
        finish(),
        raw(f"data: {json.dumps(usage(9, 2))}".encode()),
    ],
    "data after [DONE]": [content("Hi"), *ENDING, content("!!"), raw(b"data: {broken\n\n")],
    "text after the finish": [content("H"), finish(), content("i"), usage(9, 2), done()],
    "content parts": [content([{"type": "text", "text": "Hi"}, {"type": "x"}]), *ENDING],
    "tool calls": [chunk({"tool_calls": [{"index": 0}]}), content("Hi"), *ENDING],
    "garbage after the finish": [
        content("Hi"),
        finish(),
        usage(9, 2),
        raw(b"data: {oh\n\ndata: []\n\n"),
    ],
    "closed after the finish": [content("Hi"), finish(), usage(9, 2), close()],
    "reset after the finish": [content("Hi"), finish(), usage(9, 2), reset()],
    "gzip": [respond(encoding="gzip"), content("Hi"), *ENDING],
    "ended by closing": [respond(framing="close"), content("Hi"), *ENDING],
    "another content type": [
        respond(headers={"content-type": "text/plain"}),
        content("Hi"),
        *ENDING,
    ],
    "several events in one line end": [
        raw(f"data: {json.dumps(content('Hi'))}\r\r".encode()),
        *ENDING,
    ],
    "byte by byte": [
        raw(bytes([byte]))
        for step in (content("Hi"), finish(), usage(9, 2))
        for byte in f"data: {json.dumps(step)}\n\n".encode()
    ],
}


@pytest.mark.parametrize("script", ANSWERS.values(), ids=ANSWERS)
async def test_answer(upstream, script):
    upstream.play(script)

    outcome = await call()

    assert outcome.error is None
    assert outcome.text == "Hi"
    assert (outcome.stream.finish_reason, outcome.stream.usage) == ("stop", Usage(9, 2))


async def test_reasoning_is_kept_apart(upstream):
    upstream.play(reasoning("Let me "), reasoning("think."), content("42"), *ENDING)

    outcome = await call()

    assert (outcome.reasoning, outcome.text) == ("Let me think.", "42")
    assert all(not (delta.text and delta.reasoning) for delta in outcome.deltas)


async def test_a_refusal_is_text_that_the_person_reads(upstream):
    upstream.play(chunk({"refusal": "I can't "}), chunk({"refusal": "do that."}), *ENDING)

    outcome = await call()

    assert (outcome.text, outcome.stream.refused) == ("I can't do that.", True)


async def test_an_answer_without_usage(upstream):
    upstream.play(content("Hi"), finish("length"), done())

    outcome = await call()

    assert (outcome.text, outcome.error, outcome.stream.usage) == ("Hi", None, None)
    assert outcome.stream.finish_reason == "length"


async def test_an_answer_of_nothing(upstream):
    upstream.play(role_chunk(), finish("content_filter"), done())

    outcome = await call()

    assert (outcome.deltas, outcome.error) == ([], None)
    assert outcome.stream.finish_reason == "content_filter"
    assert outcome.stream.first_token_seconds is None


async def test_a_character_in_two_halves_is_joined(upstream):
    upstream.play(content("a\ud83e"), content("\udd8ab\x00c"), content("\ud83e"), *ENDING)

    outcome = await call()

    assert outcome.deltas == [Delta("a"), Delta("🦊b\ufffdc"), Delta("\ufffd")]


async def test_a_half_character_is_not_lost_with_the_connection(upstream):
    upstream.play(content("a\ud83e"), pause(0.05), close())

    outcome = await call()

    assert outcome.text == "a\ufffd"


async def test_a_whole_completion_instead_of_a_stream(upstream):
    payload = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    upstream.play(json_response(payload))

    outcome = await call()

    assert (outcome.deltas, outcome.error) == ([Delta("Hi")], None)
    assert (outcome.stream.id, outcome.stream.usage) == ("chatcmpl-1", Usage(3, 1))


async def test_a_silent_server_after_the_finish_costs_only_the_usage(upstream, monkeypatch):
    monkeypatch.setattr(deadlines, "AFTER_FINISH_SECONDS", 0.2)
    upstream.play(content("Hi"), finish(), hang())

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)
    assert (outcome.stream.finish_reason, outcome.stream.usage) == ("stop", None)


async def test_usage_may_come_a_moment_after_the_finish(upstream, monkeypatch):
    """Its time begins with the finish, not with the last text."""
    gate, since, of_usage = Gate(), [], deadlines.Deadlines.of_usage
    monkeypatch.setattr(
        deadlines.Deadlines, "of_usage", lambda self, at: since.append(at) or of_usage(self, at)
    )
    upstream.play(content("Hi"), gate, finish(), pause(0.1), usage(9, 2), done())
    async with open_stream(ask()) as stream:
        await anext(stream)
        reading = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0.05)
        opened = asyncio.get_running_loop().time()
        gate.open()
        await reading

    assert stream.usage == Usage(9, 2)
    assert since[0] >= opened


async def test_nobody_waits_for_the_body_to_end_after_done(upstream, settings):
    settings.UPSTREAM_SILENCE_SECONDS = settings.UPSTREAM_TOTAL_SECONDS = 600
    upstream.play(content("Hi"), *ENDING, hang())

    outcome = await asyncio.wait_for(call(), 60)

    assert outcome.error is None


async def test_a_flood_after_done_is_not_read(upstream):
    upstream.play(content("Hi"), *ENDING, *[raw(b": " + b"x" * 60_000 + b"\n") for _ in range(500)])

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)
