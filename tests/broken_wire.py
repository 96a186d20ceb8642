"""The wire between a browser and a site, which a test may cut or leave dead.

with Wire(site.port) as wire:
    page.goto(wire.url)
    wire.cut()       every websocket gets a TCP reset, which a browser calls 1006
    wire.stall()     what is connected stays so and hears nothing more: a cable pulled out
    wire.refuse()    nobody gets through any more, until `mend()`
"""

import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass

from tests.patience import PATIENCE


@dataclass(eq=False)
class _Line:
    """One connection through the wire."""

    browser: asyncio.StreamWriter
    site: asyncio.StreamWriter
    is_socket: bool
    is_dead: bool = False

    def reset(self) -> None:
        for writer in (self.browser, self.site):
            linger = struct.pack("ii", 1, 0)
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            writer.transport.abort()


class Wire:
    """A TCP relay with a thread of its own. Everything public may be called from any thread."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_refusing = False
        self._started = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self.port = 0
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Wire":
        self._thread.start()
        assert self._started.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop
        assert self._stopping
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)

    def cut(self) -> None:
        self._call(self._cut)

    def stall(self) -> None:
        self._call(self._stall)

    def refuse(self) -> None:
        self._is_refusing = True
        self._call(self._refuse)

    def mend(self) -> None:
        self._is_refusing = False

    def _call(self, act: object) -> None:
        done = threading.Event()
        assert self._loop
        self._loop.call_soon_threadsafe(lambda: (act(), done.set()))  # type: ignore[operator]
        assert done.wait(PATIENCE)

    def _cut(self) -> None:
        for line in tuple(self._lines):
            if line.is_socket and not line.is_dead:
                self.cuts += 1
                line.reset()

    def _stall(self) -> None:
        for line in self._lines:
            line.is_dead |= line.is_socket

    def _refuse(self) -> None:
        self._stall()
        for line in tuple(self._lines):
            if not line.is_socket:
                line.reset()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopping.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._relay(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_refusing:
            writer.transport.abort()
            return
        try:
            head = await reader.read(65_536)
            answers, site = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, site, head.startswith(b"GET /ws/"))
        self._lines.add(line)
        try:
            site.write(head)
            await asyncio.gather(_pass(line, reader, site), _pass(line, answers, writer))
        finally:
            self._lines.discard(line)
            writer.transport.abort()
            site.transport.abort()


async def _pass(line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What one side says, to the other; to nobody once the line is dead, not even its end."""
    with contextlib.suppress(ConnectionError):
        while (said := await reader.read(65_536)) or line.is_dead:
            if not said:
                await asyncio.Event().wait()
            if not line.is_dead:
                writer.write(said)
                await writer.drain()
    if not line.is_dead:
        with contextlib.suppress(OSError):
            writer.close()
