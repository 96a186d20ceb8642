"""The SDK's clients: one for each event loop and destination, made when first needed.

A client cannot outlive its event loop, and importing the SDK takes half a second. So everything
here is lazy, and slow work goes to a thread; `warm` pays for it before the first person does.
"""

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from django.conf import settings

from conversations import errors
from conversations.tokens import count

from .demo import ENCODING, DemoEndpoint
from .failures import failure_from

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
# Servers that need no key ignore it, but the SDK does not start without one.
NO_KEY = "none"

# Seconds that an unused connection is kept for the next call.
KEEP_ALIVE_SECONDS = 30.0
# Bytes of an error's body that are read.
MAX_ERROR_BYTES = 65_536


@dataclass(frozen=True)
class Destination:
    base_url: str
    key: str = field(repr=False)
    is_demo: bool = False


class Connections:
    """What one event loop keeps open: its clients and, in demo mode, the demo endpoint."""

    def __init__(self) -> None:
        self._clients: dict[Destination, AsyncOpenAI] = {}
        self._demo: DemoEndpoint | None = None
        self._lock = asyncio.Lock()

    async def client(self) -> "AsyncOpenAI":
        async with self._lock:
            destination = await self._destination()
            if destination not in self._clients:
                self._clients[destination] = await asyncio.to_thread(_new_client, destination)
            return self._clients[destination]

    async def _destination(self) -> Destination:
        key, base_url = settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL
        if key or base_url:
            return Destination(base_url or OPENAI_URL, _sendable(key) or NO_KEY)
        if self._demo is None:
            await asyncio.to_thread(count, "", ENCODING)
            self._demo = await DemoEndpoint.start()
        return Destination(self._demo.base_url, self._demo.key, is_demo=True)

    async def close(self) -> None:
        clients, self._clients = self._clients, {}
        demo, self._demo = self._demo, None
        for client in clients.values():
            await client.close()
        if demo:
            await demo.close()


_by_loop: dict[asyncio.AbstractEventLoop, Connections] = {}


async def current_client() -> "AsyncOpenAI":
    """The running event loop's client for where the settings point now."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        for other in [other for other in _by_loop if other.is_closed()]:
            _by_loop.pop(other, None)
        _by_loop[loop] = Connections()
    return await _by_loop[loop].client()


async def warm() -> None:
    """Import, build and start what the first call needs: about a second, not on the loop.

    A key or an address that cannot be used is logged; whoever calls first is told, too.
    """
    try:
        await current_client()
    except Exception as exception:
        failure = failure_from(exception)
        if failure is None:
            raise
        log.warning("no way to the provider: %s %s", failure.code, failure.detail)


async def close() -> None:
    """Close what the running event loop holds open."""
    connections = _by_loop.pop(asyncio.get_running_loop(), None)
    if connections:
        await connections.close()


def _sendable(key: str) -> str:
    """The key, which must fit into a header: an error about that would quote it."""
    if not (key.isascii() and key.isprintable()):
        raise errors.AuthenticationFailed("The key has characters that no key has.")
    return key


def _new_client(destination: Destination) -> "AsyncOpenAI":
    import httpx2
    from openai import AsyncOpenAI

    http = httpx2.AsyncClient(
        verify=_tls(),
        # A redirect would take the key to another host.
        follow_redirects=False,
        # A proxy from the environment must not see what stays on this machine.
        trust_env=not destination.is_demo,
        # How many answers run at once is decided at admission; a second limit would make them
        # wait here where nobody sees it.
        limits=httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
        # A cookie set during one person's call would go with everybody's.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        event_hooks={"response": [_bound_error]},
    )
    client = AsyncOpenAI(
        api_key=destination.key, base_url=destination.base_url, max_retries=0, http_client=http
    )
    # The SDK imports its resources when they are first asked for.
    _ = client.chat.completions.with_streaming_response
    return client


@cache
def _tls() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()


async def _bound_error(response: "httpx2.Response") -> None:
    """Let the SDK, which reads an error's body to its end, see only the beginning."""
    import httpx2

    from .bounded import BoundedBody

    if not response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = BoundedBody(response.stream, MAX_ERROR_BYTES)
