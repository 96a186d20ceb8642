import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from conversations import upstream as room
from conversations.errors import UpstreamError
from conversations.upstream import Delta, Request, Stream, open_stream
from tests.upstream_server import UpstreamServer, done, finish, usage

ENDING = [finish(), usage(9, 2), done()]
KEY = "sk-proj-SiteKey0123456789abcdefghij"


def ask(text: str = "Hi", **more: Any) -> Request:
    return Request("test-model", ({"role": "user", "content": text},), 100, **more)


@dataclass
class Outcome:
    """All that one call gave, and how it ended."""

    deltas: list[Delta] = field(default_factory=list)
    stream: Stream | None = None
    error: UpstreamError | None = None

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas)

    @property
    def reasoning(self) -> str:
        return "".join(delta.reasoning for delta in self.deltas)


async def call(request: Request | None = None) -> Outcome:
    outcome = Outcome()
    try:
        async with open_stream(request or ask()) as stream:
            outcome.stream = stream
            async for delta in stream:
                outcome.deltas.append(delta)
    except UpstreamError as error:
        outcome.error = error
    return outcome


async def failed(upstream: UpstreamServer, *script: Any) -> Outcome:
    upstream.play(*script)
    outcome = await call()
    assert outcome.error is not None
    return outcome


def deaf_port(stack: contextlib.ExitStack) -> int:

    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            waiting.connect(listener.getsockname())
    return listener.getsockname()[1]


@pytest.fixture(scope="session")
def server() -> Iterator[UpstreamServer]:
    with UpstreamServer() as server:
        yield server


@pytest.fixture
async def upstream(server, settings) -> AsyncIterator[UpstreamServer]:
    """The provider that the settings point at, with nothing played yet."""
    server.reset()
    settings.OPENAI_BASE_URL = server.base_url
    settings.OPENAI_API_KEY = KEY
    yield server
    await room.close()


@pytest.fixture
async def demo(settings) -> AsyncIterator[None]:
    """A site without a key, whose demo answers as fast as it can."""
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    settings.DEMO_TOKENS_PER_SECOND = 1_000_000
    yield
    await room.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in os.environ:
        if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
            monkeypatch.delenv(name)
