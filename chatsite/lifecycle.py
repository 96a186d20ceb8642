"""How a serving process begins and ends.

Daphne has no lifespan protocol, and on SIGTERM it drops every task without a word. So both
ends hang on its reactor: what a crash left behind is ended when it starts, and a signal to stop
is heard here first (chatsite/leaving.py). `end` is what remains to do when the reactor stops,
whoever stopped it.
"""

import asyncio
import fcntl
import sys
from collections.abc import Coroutine
from typing import IO, Any

from django.conf import settings

from chatsite.leaving import Leaving
from conversations import rendering, tokens, turns, upstream

# How long what is cancelled at the end may take to clean up.
LAST_SECONDS = 2

_lock: IO[str] | None = None


def is_alone() -> bool:
    """Whether this is the site's only process: SQLite, no Redis, and the lock beside the database."""
    global _lock
    if not settings.SINGLE_PROCESS:
        return False
    path = f"{settings.DATABASES['default']['NAME']}.lock"
    try:
        _lock = open(path, "w")  # noqa: SIM115 - held until the end
        fcntl.flock(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


async def begin(reactor: Any) -> None:
    # By now Twisted has set handlers of its own, which would cancel every request at once.
    Leaving(reactor).listen()
    turns.start_sweeping(is_alone())
    await upstream.warm()
    await asyncio.to_thread(_warm)


def _warm() -> None:
    """What the first turn would otherwise wait for: the encoding, the Markdown parser."""
    tokens.count("warm", tokens.encoding_name(settings.DEFAULT_MODEL))
    rendering.render("*warm*")


async def end() -> None:
    await turns.shutdown()
    await upstream.close()
    # Daphne cancels its sockets' tasks without waiting for them. One that the interpreter finds
    # unfinished when it cleans up after everything else has crashed it (CPython 3.11).
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=LAST_SECONDS)


def attach() -> None:
    """Hang both on Daphne's reactor, where there is one."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None:
        return
    from twisted.internet import defer

    def later(work: Coroutine[Any, Any, None]) -> Any:
        return defer.Deferred.fromFuture(asyncio.ensure_future(work))

    reactor.callWhenRunning(lambda: later(begin(reactor)))
    reactor.addSystemEventTrigger("before", "shutdown", lambda: later(end()))
