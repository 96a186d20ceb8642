"""Answers that break off, and bodies that are none: never complete, and nothing is lost."""

import json

import pytest

from conversations import errors
from conversations.tokens import Usage
from conversations.upstream import sse
from tests.patience import PATIENCE
from tests.upstream.conftest import ENDING, call, failed
from tests.upstream_server import (
    ID,
    close,
    content,
    done,
    hang,
    pause,
    raw,
    reasoning,
    reset,
    respond,
    usage,
    wire,
)

BREAKS = {
    "ends": [content("Hi")],
    "ends with [DONE]": [content("Hi"), done()],
    "ends by closing": [respond(framing="close"), content("Hi"), close()],
    "ends in the middle of an event": [
        respond(framing="close"),
        content("Hi"),
        raw(b'data: {"choices": [{"delta": {"con'),
    ],
}


@pytest.mark.parametrize("script", BREAKS.values(), ids=BREAKS)
async def test_a_stream_without_a_finish_reason_is_cut_off(upstream, script):
    outcome = await failed(upstream, *script)

    assert type(outcome.error) is errors.CutOff
    assert outcome.text == "Hi"
    assert (outcome.stream.id, outcome.stream.finish_reason) == (ID, "")


async def test_usage_is_kept_of_an_answer_that_was_cut_off(upstream):
    outcome = await failed(upstream, content("Hi"), usage(9, 2), done())

    assert type(outcome.error) is errors.CutOff
    assert outcome.stream.usage == Usage(9, 2)


@pytest.mark.parametrize("break_", [close(), reset()], ids=["closed", "reset"])
async def test_a_connection_that_breaks_in_the_middle(upstream, break_):
    outcome = await failed(upstream, content("Hi"), pause(0.05), break_)

    assert type(outcome.error) is errors.ConnectionLost
    assert outcome.text == "Hi"


async def test_an_event_that_was_complete_but_for_its_blank_line_counts(upstream):
    last = raw(f"data: {json.dumps(content(' there'))}\n".encode())
    outcome = await failed(upstream, content("Hi"), last, pause(0.05), close())

    assert type(outcome.error) is errors.ConnectionLost
    assert outcome.text == "Hi there"


async def test_an_empty_body_is_cut_off(upstream):
    outcome = await failed(upstream, respond())

    assert type(outcome.error) is errors.CutOff


@pytest.mark.parametrize(
    ("garbage", "words_"),
    [
        (b"data: {broken\n\n", "not JSON"),
        (b'data: {"choices": [{"delta": {"content": "x"\n\n', "not JSON"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "not JSON"),
        (b"data: " + b"9" * 10_000 + b"\n\n", "not JSON"),
        (b"data: []\n\n", "not an answer"),
        (b'data: "text"\n\n', "not an answer"),
        (b"data: 7\n\n", "not an answer"),
    ],
)
async def test_garbage_in_the_stream(upstream, garbage, words_):
    outcome = await failed(upstream, content("Hi"), raw(garbage), content("never"), *ENDING)

    assert type(outcome.error) is errors.ServerFailed
    assert words_ in str(outcome.error)
    assert outcome.text == "Hi"


BODIES = {
    "page": (b"<!DOCTYPE html><html><h1>Welcome</h1></html>", "web page"),
    "page after blanks": (b"\n\n  <html></html>", "web page"),
    "text": (b"upstream connect error or disconnect\nreset reason: overflow", "not an answer"),
    "other JSON": (b'{"status": "ok"}', "not an answer"),
    "a JSON list": (b"[1, 2]", "not an answer"),
    "half a JSON object": (b'{"choices": [', "not JSON"),
    "lines of JSON": (b'{"message": {"content": "x"}}\n{"done": true}\n', "not JSON"),
}


@pytest.mark.parametrize(("body", "words_"), BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_stream(upstream, body, words_):
    outcome = await failed(upstream, respond(headers={"content-type": "text/html"}), raw(body))

    assert type(outcome.error) is errors.ServerFailed
    assert words_ in str(outcome.error)
    assert "Welcome" not in str(outcome.error)


async def test_wrong_types_everywhere(upstream):
    odd = {"id": 7, "model": [], "created": "x", "system_fingerprint": {}, "usage": "lots"}
    upstream.play(
        odd | {"choices": [{"index": 0, "delta": {"content": 7, "role": 8}, "finish_reason": 9}]},
        odd | {"choices": [{"index": "0", "delta": []}]},
        odd | {"choices": 5},
        content("Hi"),
        *ENDING,
    )

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)
    assert outcome.stream.id == ID


async def test_gzip_that_is_not_gzip(upstream):
    outcome = await failed(upstream, respond(headers={"content-encoding": "gzip"}), raw(b"plain"))

    assert type(outcome.error) is errors.ServerFailed


async def test_something_else_than_http(upstream):
    outcome = await failed(upstream, wire(b"SSH-2.0-OpenSSH_9.2\r\n"), close())

    assert type(outcome.error) is errors.ConnectionLost


async def test_a_line_without_end(upstream, monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100_000)
    endless = [raw(b"x" * 50_000)] * 100
    outcome = await failed(upstream, content("Hi"), raw(b"data: "), *endless)

    assert type(outcome.error) is errors.ServerFailed
    assert outcome.text == "Hi"


async def test_an_answer_without_end(upstream, settings):
    settings.MAX_ANSWER_LENGTH = 10
    outcome = await failed(upstream, content("1234567"), content("8901234"), hang())

    assert type(outcome.error) is errors.CutOff
    assert outcome.error.detail
    assert outcome.text == "1234567890"
    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_reasoning_without_end(upstream, settings):
    settings.MAX_ANSWER_LENGTH = 10
    outcome = await failed(upstream, reasoning("123456789"), content("abc"), hang())

    assert (outcome.reasoning, outcome.text) == ("123456789", "a")


async def test_an_answer_of_exactly_the_bound(upstream, settings):
    settings.MAX_ANSWER_LENGTH = 10
    upstream.play(content("1234567890"), *ENDING)

    outcome = await call()

    assert (outcome.text, outcome.error) == ("1234567890", None)
