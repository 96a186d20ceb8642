"""The tasks that this process owns: every one has a reference, an ending and a name.

They start in an empty context. What a request's context holds (its database thread) ends with
the request, and a turn does not.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

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
