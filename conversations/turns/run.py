"""One running answer: claimed, called, shown, stored, ended.

    pump    makes the call and reads the stream
    shower  renders what arrived and tells the readers, at most 20 times a second
    keeper  stores what arrived and says that this run lives

The pump yields to the event loop after every delta, so the two others come when they are due
even while the stream never pauses.
"""

import asyncio
import logging
import time
import uuid
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.db import DatabaseError

from conversations.errors import ChatError, Unexpected, UpstreamError
from conversations.models import Message, Status
from conversations.rendering import StreamRenderer

from . import broadcasts, live, store
from .arrived import Arrived
from .endings import Ending, end_answer
from .pump import Lost, Pump
from .tasks import in_database

log = logging.getLogger(__name__)

# Rendering may take at most a tenth of an answer's wall time.
REST_PER_RENDER = 9
# Characters that are rendered on the event loop; more goes to a thread.
INLINE_LENGTH = 2_000
# An ending that the database refuses is tried again after so many seconds.
ENDING_PAUSES = (0.2, 1.0, 5.0, 10.0)


class Run:
    """The runner of one answer. `stop` and `interrupt` may be called at any moment.

    `renderer` has been fed what stands there already, where an answer is continued.
    """

    def __init__(self, answer: Message, renderer: StreamRenderer) -> None:
        self.answer = answer
        self.conversation_id: uuid.UUID = answer.conversation_id
        self.id = uuid.uuid4()
        self.arrived = Arrived(answer.text, answer.reasoning)
        self.pump = Pump(answer, self.id, self.arrived)
        begun = renderer.snapshot()
        self.shown = live.Shown(len(answer.text), begun.settled, begun.tail, answer.reasoning)
        self._renderer = renderer
        self._verdict: asyncio.Future[Status | None] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        self._decide(Status.STOPPED)

    def interrupt(self) -> None:
        self._decide(Status.INTERRUPTED)

    def _decide(self, status: Status | None) -> None:
        """End with this status; None: another run has taken over, so write nothing more."""
        if not self._verdict.done():
            self._verdict.set_result(status)

    async def __call__(self) -> None:
        # A database thread of its own: one slow query delays no other answer.
        async with ThreadSensitiveContext():
            if not await in_database(store.claim, self.answer.pk, self.id):
                return
            keeper = asyncio.create_task(self._keep())
            try:
                status = await self._answer()
                if status is not None:
                    await self._end(status)
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)

    async def _answer(self) -> Status | None:
        shower = asyncio.create_task(self._show_as_it_comes())
        pump = asyncio.create_task(self.pump())
        try:
            ways: set[asyncio.Future[Any]] = {pump, self._verdict}
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if pump.done():
                return self._outcome(pump)
            return self._verdict.result()
        finally:
            pump.cancel()
            shower.cancel()
            await asyncio.gather(pump, shower, return_exceptions=True)

    def _outcome(self, pump: asyncio.Task[None]) -> Status | None:
        try:
            pump.result()
        except Lost:
            return None
        except UpstreamError as error:
            self._note_error(error)
        except ChatError as error:
            self._note_error(Unexpected(str(error)))
        except Exception:
            log.exception("answer %s failed", self.answer.pk)
            self._note_error(Unexpected())
        else:
            return Status.COMPLETE
        return Status.FAILED

    def _note_error(self, error: UpstreamError) -> None:
        log.warning("answer %s: %s %s", self.answer.pk, error.code, error.detail)
        self.pump.note(error)

    # --- shower ---------------------------------------------------------------------------

    async def _show_as_it_comes(self) -> None:
        while True:
            await self.pump.has_more.wait()
            self.pump.has_more.clear()
            began = time.monotonic()
            await self._show()
            spent = time.monotonic() - began
            await asyncio.sleep(max(settings.FRAME_SECONDS, REST_PER_RENDER * spent))

    async def _show(self) -> None:
        begin = self.shown.position
        new, thought = self.arrived.take()
        end = begin + len(new)
        if len(new) + self._renderer.unsettled <= INLINE_LENGTH:
            update = self._renderer.feed(new)
        else:
            update = await asyncio.to_thread(self._renderer.feed, new)
        snapshot = self._renderer.snapshot()
        self.shown = live.Shown(
            end, snapshot.settled, snapshot.tail, self.shown.reasoning + thought
        )
        await broadcasts.publish(
            self.conversation_id,
            broadcasts.FrameShown(
                self.answer.pk, begin, end, update.settled, update.tail, update.grown, thought
            ),
        )

    # --- keeper ---------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Store the partial text and beat, until the ending or until the run is lost."""
        stored, beaten = self.arrived.size, time.monotonic()
        while True:
            await asyncio.sleep(min(settings.FLUSH_SECONDS, settings.BEAT_SECONDS))
            size = self.arrived.size
            is_due = time.monotonic() - beaten >= settings.BEAT_SECONDS
            try:
                if size != stored:
                    text, reasoning = self.arrived.text, self.arrived.reasoning
                    held = await in_database(store.flush, self.answer.pk, self.id, text, reasoning)
                elif is_due:
                    held = await in_database(store.beat, self.answer.pk, self.id)
                else:
                    continue
            except DatabaseError:
                log.warning("answer %s: the database did not take the partial text", self.answer.pk)
                continue
            stored, beaten = size, time.monotonic()
            if held is None:
                self._decide(None)
            elif held.stop_asked:
                self.stop()

    # --- ending ---------------------------------------------------------------------------

    async def _end(self, status: Status) -> None:
        ending = Ending(status, self.arrived.text, self.arrived.reasoning, self.pump.facts)
        for pause in (*ENDING_PAUSES, None):
            try:
                await in_database(end_answer, self.answer, self.id, ending)
            except DatabaseError:
                if pause is None:
                    raise
                log.warning("answer %s: its ending waits for the database", self.answer.pk)
                await asyncio.sleep(pause)
            else:
                break
