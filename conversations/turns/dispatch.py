"""Lets those in line go when it is their turn, and tells the others what they wait for.

The line is rows of the database, so a restart keeps it. Every process looks at it: after each
admission and each ending, when another process says that something has changed, and again and
again while somebody waits.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings

from conversations import line, metrics
from conversations.line import Look, Taken, Wait
from conversations.models import Message

from . import draining
from .sharing import broadcasts, live, others
from .tasks import AWAY, in_database, own, patiently
from .writing import store, summaries
from .writing.run import Run
from .writing.showing import Showing

log = logging.getLogger(__name__)

# Seconds between two looks while somebody waits, at most and at least.
LONGEST_PAUSE, SHORTEST_PAUSE = 1.0, 0.02
# Seconds that whoever asks for a look waits for it.
PATIENCE = 2.0
# Seconds that a database which is away may take to hear that an answer stands in line again.
GIVE_BACK_SECONDS = 10


class _Looks:
    """One look at a time; who asks while one is under way gets the next."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: asyncio.Task[None] | None = None
        self._next: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._beaten = 0.0
        self.told: dict[uuid.UUID, tuple[uuid.UUID, Wait]] = {}

    def soon(self) -> asyncio.Future[None]:
        """Done when a look is over that began after this."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._worker, self._next, self.told = loop, None, None, {}
        if self._next is None or self._next.done():
            self._next = loop.create_future()
        if self._worker is None or self._worker.done():
            self._worker = own(self._work(), "the line")
        return self._next

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    async def _work(self) -> None:
        while self._next:
            done, self._next = self._next, None
            pause: float | None = LONGEST_PAUSE
            try:
                with metrics.DISPATCH_SECONDS.time():
                    pause = await self._look()
            except Exception:
                log.exception("the line could not be looked at")
            finally:
                if not done.done():
                    done.set_result(None)
            self._look_again(pause)

    def _look_again(self, pause: float | None) -> None:
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if pause is None else loop.call_later(pause, self.soon)

    async def _look(self) -> float | None:
        """Seconds until the next look; None where nobody waits."""
        async with ThreadSensitiveContext():
            look = await in_database(self._take)
            begun = [await _begin_or_fail(taken) for taken in look.taken]
            await asyncio.gather(*(_give_back(*failed) for failed in begun if failed))
            ended = [(each, store.give_up) for each in look.given_up]
            ended += [(each, store.end_stopped) for each in look.stopped]
            for taken, end in ended:
                await _end_in_line(taken, end, look.conversations[taken.answer])
        await self._tell(look)
        return LONGEST_PAUSE if any(begun) else _pause(look)

    def _take(self) -> Look:
        if draining.is_draining():
            line.abandon(others.PROCESS)
            return Look()
        if self.told and time.monotonic() - self._beaten >= settings.BEAT_SECONDS:
            line.beat(others.PROCESS)
            self._beaten = time.monotonic()
        room = settings.MAX_RUNNING_ANSWERS - len(live.running())
        if room <= 0:
            line.abandon(others.PROCESS)
        return line.take(others.PROCESS, max(room, 0))

    async def _tell(self, look: Look) -> None:
        for answer in [answer for answer in self.told if answer not in look.waits]:
            where, _ = self.told.pop(answer)
            await broadcasts.tell_here(where, broadcasts.WaitChanged(answer, None))
        for answer, wait in look.waits.items():
            now = (look.conversations[answer], wait)
            if self.told.get(answer) != now:
                self.told[answer] = now
                await broadcasts.tell_here(now[0], broadcasts.WaitChanged(answer, wait))


_looks = _Looks()


async def advance() -> None:
    """Let those go whose turn it is; returns when that is done, or takes too long to wait for."""
    await asyncio.wait([_looks.soon()], timeout=PATIENCE)


async def watch(answer: uuid.UUID) -> bool:
    """Tell this process's readers from now on what one that stands in line waits for.

    False where it waits no more. Another process may have admitted it, and may call it.
    """
    await advance()
    return answer in _looks.told


def nudge() -> None:
    """The same, without waiting for it."""
    _looks.soon()


def stop() -> None:
    """Look no more by itself."""
    _looks.stop()


def _pause(look: Look) -> float | None:
    if not look.waits:
        return None
    moments: list[datetime] = [wait.until for wait in look.waits.values() if wait.until]
    # By the clock that named the moments.
    now = look.now or min(moments, default=None)
    soonest = (min(moments) - now).total_seconds() if moments and now else LONGEST_PAUSE
    return min(max(soonest, SHORTEST_PAUSE), LONGEST_PAUSE)


async def _begin_or_fail(taken: Taken) -> tuple[Taken, Exception] | None:
    """One that cannot be begun keeps no other from its turn."""
    try:
        found = await in_database(store.answer_of, taken)
        if found:
            await _begin(found, taken)
    except Exception as error:
        log.exception("answer %s could not be begun", taken.answer)
        return taken, error
    return None


async def _give_back(taken: Taken, error: Exception) -> None:
    """To the line. Where the database stays away, a sweep does it."""
    back = partial(store.give_back, taken.answer, taken.run, is_lost=not isinstance(error, AWAY))
    try:
        await patiently(f"answer {taken.answer}", GIVE_BACK_SECONDS, back)
    except AWAY:
        log.warning("answer %s could not be given back; a sweep will do it", taken.answer)


async def _begin(answer: Message, taken: Taken) -> None:
    """Begin to write an answer in this process."""
    showing = await Showing.of(answer, live.source_of(taken.run))
    # Those who were lost go one by one: the next may, once this one has called.
    run = Run(answer, taken.run, showing, nudge if answer.claims > 1 else None)
    if answer.stop_asked:
        run.stop()
    live.enter(answer.pk, run)
    own(_finish(run, answer), f"answer {answer.pk}")


async def _end_in_line(taken: Taken, end: Callable[[Taken], int], where: uuid.UUID) -> None:
    try:
        number = await in_database(end, taken)
    except Exception:
        log.exception("answer %s could not be ended; a sweep will do it", taken.answer)
        return
    await broadcasts.publish(where, broadcasts.AnswerEnded(taken.answer, number))


async def _finish(run: Run, answer: Message) -> None:
    try:
        await run()
    except Exception:
        log.exception("answer %s could not be ended; a sweep will end it", answer.pk)
    finally:
        live.leave(answer.pk, run)
    if not run.is_requeued:
        ended = broadcasts.AnswerEnded(answer.pk, run.change)
        await broadcasts.publish(answer.conversation_id, ended)
        summaries.prepare(answer.conversation)
    if _looks.told:
        await others.say("line")
    nudge()
