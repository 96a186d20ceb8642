"""Asking something that may never answer, without waiting for ever or piling up who waits."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, connections

T = TypeVar("T")

SECONDS = 3  # how long whoever asks is kept waiting
# A question that hangs so long may hang on a connection that died; then another is asked beside
# it, up to so many.
RENEW_SECONDS, MOST = 10, 4


@dataclass(frozen=True)
class _Asked:
    answer: "Future[Any]" = field(default_factory=Future)
    began: float = field(default_factory=time.monotonic)


class AskingDatabase(Generic[T]):
    """A question to the database, in a thread of its own that no request has to wait for.

    Who asks while it is under way gets the same answer: a site that is asked every second while
    its database hangs has one thread that waits for it. Such threads are daemons, so that they
    do not keep the process from ending.
    """

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._asked: list[_Asked] = []

    async def ask(self) -> T | None:
        """None where the database does not answer in time, or only with an error."""
        answer = asyncio.wrap_future(self._under_way().answer)
        done, _ = await asyncio.wait({answer}, timeout=SECONDS)
        return answer.result() if done else None

    def _under_way(self) -> _Asked:
        self._asked = [asked for asked in self._asked if not asked.answer.done()]
        if self._asked:
            newest = self._asked[-1]
            is_young = time.monotonic() - newest.began < RENEW_SECONDS
            if is_young or len(self._asked) >= MOST:
                return newest
        asked = _Asked()
        self._asked.append(asked)
        work = threading.Thread(target=self._answer, args=[asked], name="asking", daemon=True)
        work.start()
        return asked

    def _answer(self, asked: _Asked) -> None:
        found: T | None = None
        try:
            found = self._question()
        except DatabaseError:
            pass
        finally:
            connections.close_all()
            asked.answer.set_result(found)


class Asking:
    """The same for what is awaited: one task at a time, which nobody waits for too long."""

    def __init__(self, question: Callable[[], Awaitable[None]]) -> None:
        self._question = question
        self._task: asyncio.Task[bool] | None = None

    async def ask(self) -> bool:
        """Whether it was answered in time, and without an error."""
        loop = asyncio.get_running_loop()
        task = self._task
        if task is None or task.done() or task.get_loop() is not loop:
            task = self._task = loop.create_task(self._answer())
        done, _ = await asyncio.wait({task}, timeout=SECONDS)
        return bool(done) and task.result()

    async def _answer(self) -> bool:
        try:
            await self._question()
        except Exception:  # whatever it raises: it does not answer
            return False
        return True
