"""Connect, first token, silence, the whole: each limit ends a call by its own name."""

import asyncio
import contextlib

import pytest

from conversations import errors
from conversations.upstream import open_stream
from tests.patience import PATIENCE
from tests.upstream.conftest import ENDING, ask, call, deaf_port, failed
from tests.upstream_server import (
    Gate,
    comment,
    content,
    hang,
    pause,
    reasoning,
    role_chunk,
)


async def test_no_first_token(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    outcome = await failed(upstream, role_chunk(), hang())

    assert type(outcome.error) is errors.TimedOut
    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."
    assert all(each.disconnected.wait(PATIENCE) for each in upstream.requests)


async def test_no_headers(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    outcome = await failed(upstream, hang())

    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."
    assert all(each.disconnected.wait(PATIENCE) for each in upstream.requests)


async def test_keep_alives_are_no_tokens(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    alive = [step for _ in range(100) for step in (comment(), content(""), pause(0.02))]
    outcome = await failed(upstream, *alive)

    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."


async def test_reasoning_is_a_first_token(upstream):
    gate = Gate()
    upstream.play(reasoning("Hm"), gate, content("Hi"), *ENDING)

    async with open_stream(ask()) as stream:
        assert (await anext(stream)).reasoning == "Hm"
        stream._deadlines._first = 0  # the time for a first token is over
        gate.open()
        assert [delta.text async for delta in stream] == ["Hi"]

    assert stream.first_token_seconds is not None


async def test_silence(upstream, settings):
    settings.UPSTREAM_SILENCE_SECONDS = 0.3
    outcome = await failed(upstream, content("Hi"), hang())

    assert type(outcome.error) is errors.TimedOut
    assert str(outcome.error) == "No data for 0.3 s, so we stopped."
    assert outcome.text == "Hi"
    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_keep_alives_do_not_break_the_silence(upstream, settings):
    settings.UPSTREAM_SILENCE_SECONDS = 0.3
    alive = [step for _ in range(100) for step in (comment(), content(""), pause(0.02))]
    outcome = await failed(upstream, content("Hi"), *alive)

    assert str(outcome.error) == "No data for 0.3 s, so we stopped."


async def test_a_reader_that_takes_its_time_is_no_silence(upstream, settings):
    settings.UPSTREAM_SILENCE_SECONDS = 0.3
    upstream.play(content("one "), content("two"), *ENDING)

    texts = []
    async with open_stream(ask()) as stream:
        async for delta in stream:
            texts.append(delta.text)
            await asyncio.sleep(0.5)

    assert texts == ["one ", "two"]


async def test_an_answer_that_takes_too_long(upstream):
    upstream.play(content("a "), hang())

    async with open_stream(ask()) as stream:
        assert (await anext(stream)).text == "a "
        stream._deadlines._total = 0.5
        with pytest.raises(errors.TimedOut) as caught:
            await anext(stream)

    assert str(caught.value) == "The answer took longer than 0.5 s, so we stopped."


async def test_no_connection(settings, upstream):
    """A listener whose queue is full takes no connection and refuses none."""
    settings.UPSTREAM_CONNECT_SECONDS = 0.3
    with contextlib.ExitStack() as stack:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{deaf_port(stack)}/v1"
        outcome = await call()

    assert type(outcome.error) is errors.NoConnection
    assert str(outcome.error) == "No connection within 0.3 s."
