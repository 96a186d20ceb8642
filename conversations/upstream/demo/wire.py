"""HTTP/1.1 on one connection, as far as the demo needs it."""

import asyncio
import contextlib
import json
from dataclasses import dataclass

import h11

MAX_BODY_BYTES = 32_000_000
IDLE_SECONDS = 120.0
READ_BYTES = 65_536


class Refused(Exception):
    """A request that cannot be answered as it should: an HTTP status and the API's error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.payload = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }


@dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    authorization: bytes
    body: bytes


class Wire:
    """One connection of a client. Every write raises ConnectionError once the client is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._has_begun = False

    async def next_request(self) -> HttpRequest | None:
        """The next request; None where the client is done. Raises Refused for a bad one."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._has_begun = False
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                return await self._read_request()
        except h11.RemoteProtocolError as error:
            raise Refused(400, "This is not a request of HTTP/1.1.") from error
        except TimeoutError:
            return None

    async def _read_request(self) -> HttpRequest | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(READ_BYTES))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY_BYTES:
                    raise Refused(413, f"The request is larger than {MAX_BODY_BYTES} bytes.")
            elif isinstance(event, h11.EndOfMessage) and head:
                return _whole(head, bytes(body))
            else:  # the connection is closed, or ours is not open any more
                return None

    def is_gone(self) -> bool:
        """Whether the client has closed its side, which it does not do while it listens."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def respond(self, status: int, payload: object) -> None:
        """A whole response in JSON; nothing at all where another one has begun."""
        if self._has_begun:
            return
        body = json.dumps(payload).encode()
        await self._begin(status, "application/json", [("Content-Length", str(len(body)))])
        await self.write(body)
        await self.end()

    async def begin_events(self) -> None:
        await self._begin(200, "text/event-stream; charset=utf-8", [("Cache-Control", "no-cache")])

    async def write_event(self, data: str) -> None:
        await self.write(f"data: {data}\n\n".encode())

    async def _begin(self, status: int, kind: str, headers: list[tuple[str, str]]) -> None:
        self._has_begun = True
        headers = [("Content-Type", kind), *headers]
        await self._send(h11.Response(status_code=status, headers=headers))

    async def write(self, data: bytes) -> None:
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError
        self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


def _whole(head: h11.Request, body: bytes) -> HttpRequest:
    headers = dict(head.headers)
    return HttpRequest(
        method=head.method.decode("ascii"),
        path=head.target.decode("ascii").partition("?")[0],
        authorization=headers.get(b"authorization", b""),
        body=body,
    )
