"""One running answer: claimed, called, shown, stored, ended.

    pump    makes the call and reads the stream
    shower  renders what arrived and tells the readers, at most 20 times a second
    keeper  stores what arrived and says that this run lives

The pump yields to the event loop after every delta, so the two others come when they are due
even while the stream never pauses.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from conversations import line, metrics
from conversations.errors import AskedToWait, ChatError, Unexpected, UpstreamError
from conversations.models import Message, Status
from conversations.text import roughly

from ..sharing import broadcasts, live
from ..tasks import AWAY, patiently
from . import store
from .arrived import Arrived
from .endings import Ending, end_answer
from .keeper import Keeper
from .pump import Lost, Pump
from .showing import Showing

log = logging.getLogger(__name__)

# Seconds; whoever is asked to wait for longer, and is not called again, is told for how long.
A_MOMENT = 60


class Run:
    """The runner of one answer. `stop` and `interrupt` may be called at any moment.

    `showing` begins with what stands there already, where an answer is continued. `when_called` is
    called when it is no more one of those who were let go and have not called yet.
    """

    def __init__(
        self,
        answer: Message,
        run: uuid.UUID,
        showing: Showing,
        when_called: Callable[[], None] | None = None,
    ) -> None:
        self.answer = answer
        self.conversation_id: uuid.UUID = answer.conversation_id
        self.id = run
        # Whether it went back into the line instead of ending.
        self.is_requeued = False
        self.arrived = Arrived(answer.text, answer.reasoning)
        self.pump = Pump(answer, self.id, self.arrived, when_called)
        self.keeper = Keeper(answer, self.id, self.arrived, self.pump, self._decide)
        # The number of its ending among the conversation's changes.
        self.change = 0
        self._showing = showing
        self._verdict: asyncio.Future[Status | None] = asyncio.get_running_loop().create_future()

    @property
    def shown(self) -> live.Shown:
        return self._showing.shown

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
            keeper = asyncio.create_task(self.keeper())
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
            return await self._outcome(pump) if pump.done() else self._verdict.result()
        finally:
            pump.cancel()
            shower.cancel()
            await asyncio.gather(pump, shower, return_exceptions=True)

    async def _outcome(self, pump: asyncio.Task[None]) -> Status | None:
        try:
            pump.result()
        except Lost:
            return None
        except UpstreamError as error:
            self._note_error(error)
            if self._verdict.done() and not self.pump.has_begun:
                return self._verdict.result()
            if await self._goes_back(error):
                return None
            if (error.retry_after or 0) > A_MOMENT:
                self.pump.note(AskedToWait(roughly(error.retry_after or 0)))
        except ChatError as error:
            log.warning("answer %s could not be sent (%s)", self.answer.pk, error.code)
            self.pump.note(Unexpected(str(error)))
        except AWAY:
            # The database is away for long, and nothing was called: it waits again.
            if await self._is_given_back():
                return None
            self._note_error(Unexpected())
        except Exception:
            log.exception("answer %s failed", self.answer.pk)
            self._note_error(Unexpected())
        else:
            self.keeper.has_answered = True
            return Status.COMPLETE
        return Status.FAILED

    async def _goes_back(self, error: UpstreamError) -> bool:
        """Into the line, to be called again: never once text has flowed."""
        if not error.retryable:
            # It was refused, by a provider that works.
            self.keeper.has_answered = True
        if self.pump.has_begun or not error.retryable:
            return False
        what = f"answer {self.answer.pk}"
        await patiently(what, None, line.note_failure, self.answer.model, error)
        self.is_requeued = await patiently(
            what, None, store.requeue, self.answer.pk, self.id, self.pump.facts, error
        )
        if self.is_requeued:
            metrics.RETRIES.inc()
        return self.is_requeued

    def _note_error(self, error: UpstreamError) -> None:
        # Not its words: a provider may quote what was said. They stand in the ledger.
        log.warning("answer %s: a call failed (%s)", self.answer.pk, error.code)
        self.pump.note(error)

    # --- shower ---------------------------------------------------------------------------

    async def _show_as_it_comes(self) -> None:
        while True:
            await self.pump.has_more.wait()
            self.pump.has_more.clear()
            try:
                frame = await self._showing.grow(*self.arrived.take())
            except Exception:
                # It is stored all the same, and shown when it has ended.
                log.exception("answer %s cannot be shown as it comes", self.answer.pk)
                return
            await broadcasts.publish(self.conversation_id, frame)
            await self._showing.rest()

    # --- ending ---------------------------------------------------------------------------

    async def _end(self, status: Status) -> None:
        """However long the database is away: what has arrived is nowhere else."""
        what = f"the ending of answer {self.answer.pk}"
        # It may not have been called yet: then it only waits again.
        if status == Status.INTERRUPTED and await self._is_given_back():
            return
        ending = Ending(status, self.arrived.text, self.arrived.reasoning, self.pump.facts)
        self.change = await patiently(what, None, end_answer, self.answer, self.id, ending)
        await self.keeper.close()

    async def _is_given_back(self) -> bool:
        what = f"answer {self.answer.pk}"
        back = store.give_back
        self.is_requeued = await patiently(what, None, back, self.answer.pk, self.id)
        return self.is_requeued
