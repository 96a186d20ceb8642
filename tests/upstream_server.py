"""A provider for tests: a real HTTP server that plays scripts, kindly and unkindly.

    with UpstreamServer() as upstream:
        settings.OPENAI_BASE_URL = upstream.base_url      # or the environment of a sub-process
        upstream.play(role_chunk(), content("Hello"), finish("stop"), usage(9, 1), done())
        ...
        [request] = upstream.requests
        assert request.body["model"] == "gpt-5-mini"

It has a thread and an event loop of its own, so it serves sync tests, async tests and a site that
runs as a sub-process alike.

**Scripts.** A script is a sequence of steps, played as the response to one request:

    content("text"), finish("stop"), …   one `data:` event each; so does any dict
    comment("ping")                      a comment line, as keep-alives are
    raw(b"...")                          bytes of the body, as they are
    respond(status, headers, …)          how the response begins; without it: 200, event stream
    json_response(payload), error_response(429, "rate_limit_exceeded", "Slow down")
    pause(0.2)                           wait so many seconds
    gate                                 a Gate: wait until the test opens it
    hang()                               send nothing more until the client goes away
    close()                              close the socket here, in the middle of the body
    reset()                              the same with a TCP reset
    wire(b"...")                         bytes of the connection, before or instead of HTTP

The body is chunked and ends properly after the last step, unless `close`, `reset` or `hang` came
first. `respond(framing="close")` ends it by closing the connection, where "the stream ended" and
"the connection broke" look the same; `respond(encoding="gzip")` compresses it, flushed per step.

**Which script.** `play(*steps)` queues one script for one request. `play(*steps, when="otter")`
is for requests whose last user message has that word, and `times=None` plays it every time. A
request that no script waits for gets `default`, "Hello there!" with usage. A script may also be
one function that takes the `Recorded` request and returns the steps.

**Gates** hold a stream where the test wants it:

    gate = Gate()
    upstream.play(content("one "), gate, content("two"), finish(), done())
    gate.wait_until_reached()             # everything before it is on the wire
    gate.open()

**Requests.** `upstream.requests` lists what came, in order; `wait_for_request()` waits for the
next one. Each has `disconnected`, an Event that is set when the client goes away before the end
of its response, and `finished`, set when the script has been played to its end.

**Models.** GET /models is answered with `models`, a script for every such request: "gpt-4o-mini"
and "gpt-4o", or what a test puts there (`upstream.models = model_list("a", "b")`). These requests
are in `model_requests` and never in `requests`.

By itself: `python -m tests.upstream_server --words 200 --pause 0.02` prints its address and plays
the same answer to everybody.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import h11

from tests.upstream.scripts import (
    CREATED,
    FINGERPRINT,
    ID,
    MODEL,
    PATIENCE,
    Gate,
    Recorded,
    Response,
    Script,
    Step,
    answer,
    chunk,
    close,
    comment,
    content,
    done,
    error_response,
    event,
    finish,
    hang,
    json_response,
    model_list,
    pause,
    raw,
    reasoning,
    reset,
    respond,
    role_chunk,
    usage,
    wire,
    words,
)

__all__ = [
    "CREATED",
    "FINGERPRINT",
    "ID",
    "MODEL",
    "PATIENCE",
    "Gate",
    "Recorded",
    "Response",
    "Script",
    "Step",
    "UpstreamServer",
    "answer",
    "chunk",
    "close",
    "comment",
    "content",
    "done",
    "error_response",
    "event",
    "finish",
    "hang",
    "json_response",
    "model_list",
    "pause",
    "raw",
    "reasoning",
    "reset",
    "respond",
    "role_chunk",
    "usage",
    "wire",
    "words",
]


# What the provider offers unless a test says otherwise.
MODELS = ("gpt-4o-mini", "gpt-4o")


@dataclass
class _Waiting:
    script: Script
    when: str | None
    times: int | None


class UpstreamServer:
    """See the top of this module. Everything public may be called from any thread."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Recorded] = []
        self.model_requests: list[Recorded] = []
        self.default: Script = answer("Hello there!")
        self.models: Script = model_list(*MODELS)
        self._port = port
        self._scripts: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> "UpstreamServer":
        self._thread.start()
        assert self._started.wait(PATIENCE)
        return self

    def stop(self) -> None:
        if self._loop and self._stopping and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)

    def __enter__(self) -> "UpstreamServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def play(self, *script: Any, when: str | None = None, times: int | None = 1) -> None:
        """Queue a script: steps, or one list of steps, or one function that returns them."""
        if len(script) == 1 and (callable(script[0]) or isinstance(script[0], list)):
            script = script[0]
        with self._changed:
            self._scripts.append(_Waiting(script, when, times))

    def reset(self) -> None:
        """Forget scripts and requests, so that the next test finds a new server."""
        with self._changed:
            self._scripts.clear()
            self.requests.clear()
            self.model_requests.clear()
            self.default = answer("Hello there!")
            self.models = model_list(*MODELS)

    def wait_for_request(self, number: int = 1, seconds: float = PATIENCE) -> Recorded:
        """The request of this number, counted from 1, as soon as it is here."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= number, seconds)
            assert came, f"only {len(self.requests)} requests came, not {number}"
            return self.requests[number - 1]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, backlog=2000)
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopping.wait()
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(self._converse(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = b""
        try:
            while True:
                request, left = await _read_request(reader, left)
                if request is None:
                    return
                may_go_on, early = await self._respond(request, reader, writer)
                left += early
                if not may_go_on:
                    return
        except (ConnectionError, h11.RemoteProtocolError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _respond(
        self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bool, bytes]:
        """Play a script; whether the connection may go on, and what of it was read meanwhile."""
        with self._changed:
            if request.is_for_models:
                self.model_requests.append(request)
                script = self.models(request) if callable(self.models) else self.models
            else:
                self.requests.append(request)
                script = self._script_for(request)
            self._changed.notify_all()
        playing = asyncio.ensure_future(Response(writer).play(script))
        # A client that waits sends nothing: either it goes away, or its next request begins.
        listening = asyncio.ensure_future(_read_byte(reader))
        try:
            await asyncio.wait({playing, listening}, return_when=asyncio.FIRST_COMPLETED)
            early = listening.result() if listening.done() else b""
            if not playing.done() and early:
                await asyncio.wait({playing})
            if not playing.done() or isinstance(playing.exception(), ConnectionError):
                request.disconnected.set()
                return False, b""
            request.finished.set()
            return playing.result(), early
        finally:
            playing.cancel()
            listening.cancel()
            await asyncio.gather(playing, listening, return_exceptions=True)

    def _script_for(self, request: Recorded) -> Sequence[Any]:
        asked = request.last_user_text
        found = self.default
        fitting = [one for one in self._scripts if one.when and one.when in asked]
        for waiting in fitting or [one for one in self._scripts if not one.when]:
            found = waiting.script
            if waiting.times is not None:
                waiting.times -= 1
                if waiting.times == 0:
                    self._scripts.remove(waiting)
            break
        return found(request) if callable(found) else found


async def _read_byte(reader: asyncio.StreamReader) -> bytes:
    """Nothing once the client has closed its side."""
    try:
        return await reader.read(1)
    except ConnectionError:
        return b""


async def _read_request(reader: asyncio.StreamReader, left: bytes) -> tuple[Recorded | None, bytes]:
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=1_000_000)
    if left:
        http.receive_data(left)
    head: Any = None
    body = b""
    while True:
        happened = http.next_event()
        if happened is h11.NEED_DATA:
            http.receive_data(await reader.read(65_536))
        elif isinstance(happened, h11.Request):
            head = happened
        elif isinstance(happened, h11.Data):
            body += bytes(happened.data)
        elif isinstance(happened, h11.EndOfMessage):
            headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
            path = head.target.decode()
            return Recorded(head.method.decode(), path, headers, body), http.trailing_data[0]
        else:
            return None, b""


def main() -> None:
    parser = argparse.ArgumentParser(description="A provider that answers everybody the same.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--words", type=int, default=2, help="words of each answer")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds after each word")
    options = parser.parse_args()
    text = " ".join(itertools.islice(itertools.cycle(["Hello", "there!"]), options.words))
    with UpstreamServer(options.port) as upstream:
        upstream.default = answer(text, pause_seconds=options.pause)
        sys.stdout.write(f"{upstream.base_url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
