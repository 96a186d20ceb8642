"""Connect, first token, silence, the whole: each limit ends a call by its own name."""

import asyncio
import contextlib

from conversations import errors
from conversations.upstream import open_stream
from tests.patience import PATIENCE
from tests.upstream.conftest import ENDING, ask, call, deaf_port, failed
from tests.upstream_server import (
    comment,
    content,
    hang,
    pause,
    reasoning,
    role_chunk,
    words,
)


async def test_no_first_token(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    outcome = await failed(upstream, role_chunk(), hang())

    assert type(outcome.error) is errors.TimedOut
    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."
    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_no_headers(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    outcome = await failed(upstream, hang())

    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."
    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_keep_alives_are_no_tokens(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 0.3
    alive = [step for _ in range(100) for step in (comment(), content(""), pause(0.02))]
    outcome = await failed(upstream, *alive)

    assert str(outcome.error) == "The provider did not begin to answer within 0.3 s."


async def test_reasoning_is_a_first_token(upstream, settings):
    settings.UPSTREAM_FIRST_TOKEN_SECONDS = 1.0
    upstream.play(reasoning("Hm"), pause(1.5), content("Hi"), *ENDING)

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)
    assert outcome.stream.first_token_seconds < 1.5


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


async def test_an_answer_that_takes_too_long(upstream, settings):
    settings.UPSTREAM_TOTAL_SECONDS = 0.5
    outcome = await failed(upstream, *words("a " * 200, 0.02), *ENDING)

    assert type(outcome.error) is errors.TimedOut
    assert str(outcome.error) == "The answer took longer than 0.5 s, so we stopped."
    assert outcome.text.startswith("a a ")


async def test_no_connection(settings, upstream):
    """A listener whose queue is full takes no connection and refuses none."""
    settings.UPSTREAM_CONNECT_SECONDS = 0.3
    with contextlib.ExitStack() as stack:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{deaf_port(stack)}/v1"
        outcome = await call()

    assert type(outcome.error) is errors.NoConnection
    assert str(outcome.error) == "No connection within 0.3 s."
