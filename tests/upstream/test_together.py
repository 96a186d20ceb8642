"""Many calls, and fast ones, on one event loop."""

import asyncio
import itertools
import json

import httpx2
import pytest

from conversations import errors
from conversations.upstream import Stream, client, deadlines
from tests.patience import PATIENCE
from tests.upstream.conftest import call
from tests.upstream_server import (
    answer,
    content,
    finish,
)


class Buffered(httpx2.AsyncByteStream):
    """A body that is all there: reading it never waits."""

    def __init__(self, chunks):
        self.chunks = chunks

    async def __aiter__(self):
        for chunk_ in self.chunks:
            yield chunk_


def sent(step):
    return f"data: {json.dumps(step)}\n\n".encode()


FLOODS = {
    "each delta in its own piece": [sent(content("x"))] * 500,
    "all deltas in one piece": [sent(content("x")) * 500],
    "nothing but comments": [b": alive\n\n"] * 500,
    "nothing but empty deltas": [sent(content(""))] * 500,
}


@pytest.mark.parametrize("body", FLOODS.values(), ids=FLOODS)
async def test_a_fast_answer_starves_nobody(body):
    turns = 0

    async def take_turns():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    neighbour = asyncio.create_task(take_turns())
    response = httpx2.Response(200, stream=Buffered([*body, sent(finish())]))
    deadlines_ = deadlines.Deadlines(asyncio.get_running_loop().time())
    async for _ in Stream(response, deadlines_):
        pass
    neighbour.cancel()

    assert turns >= 499


async def test_what_never_waits_is_held_to_the_clock(settings):
    settings.UPSTREAM_TOTAL_SECONDS = 0.2
    response = httpx2.Response(200, stream=Buffered(itertools.repeat(b": alive\n\n")))
    stream = Stream(response, deadlines.Deadlines(asyncio.get_running_loop().time()))

    with pytest.raises(errors.TimedOut, match="took longer"):
        await asyncio.wait_for(anext(stream), PATIENCE)


async def test_two_hundred_answers_at_once(upstream, settings):
    settings.UPSTREAM_CONNECT_SECONDS = PATIENCE
    upstream.play(answer("one two three", pause_seconds=0.01), times=None)

    outcomes = await asyncio.gather(*(call() for _ in range(200)))

    assert {outcome.text for outcome in outcomes} == {"one two three"}
    assert all(outcome.error is None for outcome in outcomes)
    connections = client._by_loop[asyncio.get_running_loop()]
    assert len(connections._clients) == 1
