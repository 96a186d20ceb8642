"""The listener and its routes."""

import asyncio
import contextvars
import secrets

from django.conf import settings

from .question import read_question
from .reply import Reply
from .wire import HttpRequest, Refused, Wire

HOST = "127.0.0.1"


class DemoEndpoint:
    """Made by `start`, ended by `close`; belongs to the event loop that it was started on."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(32)
        self.base_url = ""
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(cls) -> "DemoEndpoint":
        endpoint = cls()
        listening = asyncio.start_server(endpoint._accept, HOST, 0)
        # In a context of its own: it outlives whoever was the first to need it.
        started = asyncio.get_running_loop().create_task(listening, context=contextvars.Context())
        endpoint._server = await started
        port = endpoint._server.sockets[0].getsockname()[1]
        endpoint.base_url = f"http://{HOST}:{port}/v1"
        return endpoint

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(Wire(reader, writer)))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, wire: Wire) -> None:
        try:
            while await self._serve_one(wire):
                pass
        except ConnectionError:
            pass  # the client went away, which ends its answer
        finally:
            await wire.close()

    async def _serve_one(self, wire: Wire) -> bool:
        """Answer one request; False where the connection cannot take another."""
        try:
            request = await wire.next_request()
            if request is None:
                return False
            await self._answer(wire, request)
        except Refused as refusal:
            await wire.respond(refusal.status, refusal.payload)
            return refusal.status not in {400, 413}
        return True

    async def _answer(self, wire: Wire, request: HttpRequest) -> None:
        if not secrets.compare_digest(request.authorization, f"Bearer {self.key}".encode()):
            message = "Incorrect API key provided."
            raise Refused(401, message, code="invalid_api_key")
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                reply = await asyncio.to_thread(Reply.to, read_question(request.body))
                await reply.send(wire)
            case "GET", "/v1/models":
                await wire.respond(200, _models())
            case _:
                message = f"Unknown request URL: {request.method} {request.path}."
                raise Refused(404, message, code="unknown_url")


def _models() -> dict[str, object]:
    model = {"id": settings.DEMO_MODEL, "object": "model", "created": 0, "owned_by": "chatsite"}
    return {"object": "list", "data": [model]}
