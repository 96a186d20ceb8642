"""One call.

    async with open_stream(request) as stream:
        async for delta in stream:
            ...
    stream.finish_reason, stream.usage

Leaving the block, or cancelling the task that reads, closes the provider's socket at once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from conversations.errors import TimedOut

from .client import current_client
from .deadlines import Deadlines
from .failures import failure_from
from .request import Request
from .stream import Stream

if TYPE_CHECKING:
    from openai import AsyncAPIResponse


@asynccontextmanager
async def open_stream(request: Request) -> AsyncIterator[Stream]:
    """Make the call. Raises an UpstreamError where it is refused, on entering the block."""
    deadlines = Deadlines(asyncio.get_running_loop().time())
    response = await _send(request, deadlines)
    try:
        stream = Stream(response.http_response, deadlines)
        try:
            yield stream
        finally:
            await _closed(stream.close())
    finally:
        await _closed(response.close())


async def _closed(closing: Awaitable[None]) -> None:
    """A connection that fails while it is being closed is closed, and the answer stays whole."""
    try:
        await closing
    except Exception as exception:
        if failure_from(exception) is None:
            raise


async def _send(request: Request, deadlines: Deadlines) -> "AsyncAPIResponse[Any]":
    """The response, its body still unread."""
    deadline = deadlines.of_first_token()
    timer = asyncio.timeout_at(deadline.at)
    try:
        async with timer:
            return await _call(request, deadlines.connect)
    except Exception as exception:
        failure = TimedOut(deadline.words or "") if timer.expired() else failure_from(exception)
        if failure is None:
            raise
    raise failure


async def _call(request: Request, connect: float) -> "AsyncAPIResponse[Any]":
    import httpx2

    client = await current_client()
    body = request.body()
    opening = client.chat.completions.with_streaming_response.create(
        model=request.model,
        messages=(),
        stream=True,
        # Here the SDK takes the body as it is: as arguments it would look through every message,
        # which holds up the loop for a quarter of a second in a conversation of a thousand.
        extra_body=body,
        timeout=httpx2.Timeout(None, connect=connect),
    )
    return await opening.__aenter__()
