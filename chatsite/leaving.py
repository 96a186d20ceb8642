"""How a serving process that is told to stop leaves: nothing new comes in, what runs ends well.

    1  it listens no more, and connections that are kept open close with their next response, so
       that the proxy in front turns to another process
    2  its pages are told to come back, and find that other process
    3  requests that are being answered end, and answers go on for GRACE_SECONDS
    4  what still runs is stored and marked as interrupted
    5  the reactor stops, and with it the process

A second signal ends the grace period at once.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from conversations import turns
from conversations.consumers import RESTARTING, ConversationConsumer
from conversations.turns import draining

log = logging.getLogger(__name__)

# How often it is looked whether something still runs, in seconds.
LOOK_SECONDS = 0.1

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Requests:
    """Stands before the pages, counts the requests that are being answered, and tells whoever
    asks when the process leaves that the connection ends here (RFC 9112 §9.6)."""

    under_way = 0

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_last(event: Any) -> None:
            if event["type"] == "http.response.start" and draining.is_draining():
                event = {**event, "headers": [*event.get("headers", ()), (b"connection", b"close")]}
            await send(event)

        Requests.under_way += 1
        try:
            await self.application(scope, receive, send_last)
        finally:
            Requests.under_way -= 1


class Leaving:
    """The way out of one process, taken once."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._task: asyncio.Task[None] | None = None
        self._is_hurried = False

    def listen(self) -> None:
        """Take the signals from Twisted, which would cancel every request at once."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.asked)

    def asked(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._leave())
        else:
            self._is_hurried = True

    async def _leave(self) -> None:
        draining.begin()
        try:
            await self._stop_listening()
            answers = asyncio.ensure_future(turns.drain())
            await self._wait_for_what_runs(answers)
            answers.cancel()
            for failure in await asyncio.gather(answers, turns.shutdown(), return_exceptions=True):
                if isinstance(failure, Exception):
                    log.error("the process ends with something left undone", exc_info=failure)
        finally:
            # Whatever went wrong: a process that never ends would be killed with all it runs.
            self._reactor.stop()

    async def _stop_listening(self) -> None:
        """Before any page is sent away: it must not come back here."""
        from twisted.internet import tcp

        # A unix socket's port is one of these, too. The demo listens on a server of asyncio's.
        ports: list[Any] = [
            each for each in self._reactor.getReaders() if isinstance(each, tcp.Port)
        ]
        for port in ports:
            # Who has connected, and waits to be taken in, must not be thrown out.
            port.doRead()
            await port.stopListening().asFuture(asyncio.get_running_loop())

    async def _wait_for_what_runs(self, answers: asyncio.Future[None]) -> None:
        """Answers for the grace period, requests for as long as their storing may take."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + settings.SHUTDOWN_SECONDS
        is_waiting = True
        while is_waiting:
            await _send_pages_on()
            # At least once: a request that has just been let in is not counted yet.
            await asyncio.sleep(LOOK_SECONDS)
            has_answers = not answers.done() and not self._is_hurried
            has_requests = bool(Requests.under_way) and loop.time() < patience
            is_waiting = has_answers or has_requests


async def _send_pages_on() -> None:
    """Also those whose handshake was under way when it began."""
    for socket in tuple(ConversationConsumer.open):
        ConversationConsumer.open.discard(socket)
        with contextlib.suppress(Exception):
            await socket.close(RESTARTING)
