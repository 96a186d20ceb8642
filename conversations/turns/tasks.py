"""The tasks that this process owns: every one has a reference, an ending and a name.

They start in an empty context. What a request's context holds (its database thread) ends with
the request, and a turn does not.
"""

import asyncio
import contextvars
import itertools
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, InternalError, OperationalError

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

# What a database raises that is away, locked or full, and may be back.
AWAY = (OperationalError, InterfaceError, InternalError)
# Seconds between tries; the last one goes on.
PAUSES = (0.2, 1.0, 2.0, 5.0)

_tasks: set[asyncio.Task[Any]] = set()


def own(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work, name=name, context=contextvars.Context())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


def owned() -> tuple[asyncio.Task[Any], ...]:
    return tuple(_tasks)


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call it in this task's own database thread, and give the connection back."""
    return await database_sync_to_async(function)(*args, **kwargs)


async def patiently(
    what: str, seconds: float | None, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same, again and again while the database is away: for so long, or None: until it is
    back. `what` is what the log says that waits. Raises the database's error after that.
    """
    until = None if seconds is None else time.monotonic() + seconds
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        try:
            return await in_database(function, *args, **kwargs)
        except AWAY as error:
            if until and time.monotonic() + pause > until:
                raise
            log.warning("%s waits for the database (%s)", what, type(error).__name__)
            await asyncio.sleep(pause)
    raise AssertionError("the pauses have no end")
