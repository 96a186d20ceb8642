"""However a call is left, its socket is closed."""

import asyncio
import contextlib

import httpx2
import pytest

from conversations import errors
from conversations.upstream import Delta, open_stream
from tests.patience import PATIENCE
from tests.upstream.conftest import ENDING, ask, call, deaf_port
from tests.upstream_server import (
    content,
    finish,
    hang,
    respond,
    words,
)


async def read_for_ever():
    async with open_stream(ask()) as stream:
        async for _ in stream:
            pass


@pytest.mark.parametrize(
    "script",
    [
        [hang()],
        [respond(), hang()],
        [content("Hi"), hang()],
        [content("Hi"), finish(), hang()],
        words("a " * 500, 0.01),
    ],
    ids=["before the headers", "after the headers", "silent", "finished", "streaming"],
)
async def test_cancelling_closes_the_socket(upstream, script):
    upstream.play(script)
    task = asyncio.create_task(read_for_ever())
    request = await asyncio.to_thread(upstream.wait_for_request)
    await asyncio.sleep(0.1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await asyncio.to_thread(request.disconnected.wait, PATIENCE)


async def test_cancelling_before_a_connection(settings, upstream):
    with contextlib.ExitStack() as stack:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{deaf_port(stack)}/v1"
        task = asyncio.create_task(read_for_ever())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE)


async def test_leaving_the_block_closes_the_socket(upstream):
    upstream.play(*words("a " * 500, 0.01))

    async with open_stream(ask()) as stream:
        async for _ in stream:
            break

    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_a_failure_in_the_block_closes_the_socket(upstream):
    upstream.play(content("Hi"), hang())

    async def fail():
        async with open_stream(ask()) as stream:
            await anext(stream)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_leaving_without_reading_closes_the_socket(upstream):
    upstream.play(content("Hi"), hang())

    async with open_stream(ask()):
        pass

    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


async def test_a_failure_to_close_does_not_spoil_the_answer(upstream, monkeypatch):
    async def fail(_):
        raise httpx2.CloseError("broken")

    upstream.play(content("Hi"), *ENDING)
    monkeypatch.setattr(httpx2.Response, "aclose", fail)

    outcome = await call()

    assert (outcome.text, outcome.error) == ("Hi", None)


async def test_what_is_over_stays_over(upstream):
    upstream.play(content("Hi"))

    async with open_stream(ask()) as stream:
        assert await anext(stream) == Delta("Hi")
        with pytest.raises(errors.CutOff):
            await anext(stream)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
