"""What stands before every websocket: its origin, its session, its database thread."""

import itertools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import ThreadSensitiveContext
from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]

# Sockets share a few database threads: with one for all, a slow query would delay each of them,
# and with one for each, a thousand open pages would be a thousand threads.
THREADS = 8


class ThreadShards:
    """Gives each socket one of a few database threads."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.executors = [
            ThreadPoolExecutor(1, thread_name_prefix=f"socket-{n}") for n in range(THREADS)
        ]
        self._turn = itertools.cycle(self.executors)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with ThreadSensitiveContext(executor=next(self._turn)):
            await self.application(scope, receive, send)


class OriginCheck:
    """A socket opened by another site's page is refused: it would carry the person's cookie.

    Django's CSRF check never sees a websocket. Where any host name is allowed (HOST=0.0.0.0),
    the origin must be the very host that the socket asks for.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self.by_allowed_hosts = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if "*" not in settings.ALLOWED_HOSTS:
            await self.by_allowed_hosts(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = urlsplit(headers.get(b"origin", b"").decode("latin1")).netloc
        is_same = bool(origin) and origin == headers.get(b"host", b"").decode("latin1")
        application: Any = self.application if is_same else WebsocketDenier.as_asgi()
        await application(scope, receive, send)
