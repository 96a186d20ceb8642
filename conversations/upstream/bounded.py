"""A response body that ends after so many bytes, whatever the server goes on to send."""

from collections.abc import AsyncIterator

import httpx2


class BoundedBody(httpx2.AsyncByteStream):
    def __init__(self, body: httpx2.AsyncByteStream, limit: int) -> None:
        """`limit` is in bytes, as they come over the wire."""
        self._body = body
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = self._limit
        async for data in self._body:
            yield data[:room]
            room -= len(data)
            if room <= 0:
                return

    async def aclose(self) -> None:
        await self._body.aclose()
