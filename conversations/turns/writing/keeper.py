"""Stores what has arrived of an answer, says that its run lives, and what is wrong meanwhile."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from conversations import line, metrics
from conversations.models import Message, Status

from ..sharing import broadcasts
from ..tasks import in_database
from . import store
from .arrived import Arrived
from .pump import Pump

log = logging.getLogger(__name__)

# A database that takes longer to store a text is in trouble, in seconds.
SLOW_SECONDS = 2
AWAY = (
    "The site's database does not answer just now. The answer goes on and is stored as soon as"
    " it is back."
)


class Keeper:
    """`decide` is told how the answer shall end; None: another run has taken over."""

    def __init__(
        self,
        answer: Message,
        run: uuid.UUID,
        arrived: Arrived,
        pump: Pump,
        decide: Callable[[Status | None], None],
    ) -> None:
        self._answer, self._run = answer, run
        self._arrived, self._pump, self._decide = arrived, pump, decide
        self._is_in_trouble = self._is_noted = False
        # Whether the provider has said anything that shows that it works.
        self.has_answered = False

    async def __call__(self) -> None:
        """Until the ending, or until the run is lost."""
        stored, beaten = (self._arrived.size, self._pump.usage), time.monotonic()
        while True:
            await asyncio.sleep(min(settings.FLUSH_SECONDS, settings.BEAT_SECONDS))
            here = self._arrived.size, self._pump.usage
            is_due = time.monotonic() - beaten >= settings.BEAT_SECONDS
            if here == stored and not is_due:
                continue
            telling = asyncio.create_task(self._tell_if_slow())
            try:
                held = await self._store(is_new=here != stored)
            except Exception as error:
                # Whatever it was: without beats another process would end this answer.
                metrics.FLUSHES_FAILED.inc()
                why = type(error).__name__
                log.warning("answer %s: its text was not stored (%s)", self._answer.pk, why)
                await self.tell_trouble(AWAY)
                continue
            finally:
                telling.cancel()
            await self.tell_trouble("")
            stored, beaten = here, time.monotonic()
            if held is None:
                self._decide(None)
            elif held.stop_asked:
                self._decide(Status.STOPPED)

    async def _store(self, *, is_new: bool) -> store.Held | None:
        if not is_new:
            return await in_database(store.beat, self._answer.pk, self._run)
        here = self._arrived.text, self._arrived.reasoning, self._pump.usage
        with self._arrived.being_stored():
            held = await in_database(store.flush, self._answer.pk, self._run, *here)
        await self._note_provider()
        return held

    async def close(self) -> None:
        """After the ending."""
        await self.tell_trouble("")
        # The answer is stored; the next one notes as much.
        with contextlib.suppress(DatabaseError, InterfaceError):
            await self._note_provider()

    async def _note_provider(self) -> None:
        """Once: that it answers, and what it said of its limits."""
        if self._is_noted or not (self._pump.has_begun or self.has_answered):
            return
        await in_database(line.note_success, self._answer.model)
        if self._pump.limits:
            await in_database(line.note_limits, self._answer.model, self._pump.limits)
        self._is_noted = True

    async def _tell_if_slow(self) -> None:
        """SQLite waits for a lock of somebody else's before it says that there is one."""
        await asyncio.sleep(SLOW_SECONDS)
        await self.tell_trouble(AWAY)

    async def tell_trouble(self, words: str) -> None:
        """No words: it is over."""
        if bool(words) != self._is_in_trouble:
            self._is_in_trouble = bool(words)
            await broadcasts.publish(self._answer.conversation_id, broadcasts.Trouble(words))
