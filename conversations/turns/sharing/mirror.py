"""An answer that another process writes, shown to those who watch it in this one.

What is new comes as hints, which may be late, twice or never. Whatever is missing is read from the
database, and all of it while no hints come.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import DatabaseError
from django.db.models import F
from django.db.models.functions import Substr

from conversations.models import Message

from ..tasks import in_database, own
from ..writing.showing import Showing
from . import broadcasts, elsewhere, live
from .overheard import Overheard

log = logging.getLogger(__name__)

# While no hints come the database is read every so many seconds; and where something is missing
# between what is shown and a hint, until it is stored.
READ_SECONDS, GAP_SECONDS = 0.5, 0.1
# How often the writer is asked to go on sending what is new, in seconds.
ASK_SECONDS = elsewhere.LEASE_SECONDS / 3


@dataclass(frozen=True)
class Stored:
    """What the database has beyond a position."""

    run: uuid.UUID | None
    is_running: bool
    text: str
    reasoning: str
    changes: int


def stored_after(answer: uuid.UUID, position: int, thought_position: int) -> Stored | None:
    found = (
        Message.objects.filter(pk=answer)
        .annotate(
            more=Substr("text", position + 1),
            more_reasoning=Substr("reasoning", thought_position + 1),
            changes=F("conversation__changes"),
        )
        .only("run", "status")
        .first()
    )
    if found is None:
        return None
    values: Any = found
    return Stored(found.run, found.is_running, values.more, values.more_reasoning, values.changes)


class Mirror:
    """Follows one run of one answer. `hear` and `give_way` may be called at any moment."""

    def __init__(self, answer: uuid.UUID, conversation: uuid.UUID) -> None:
        self.answer = answer
        self.conversation_id = conversation
        self._showing: Showing | None = None
        self._run: uuid.UUID | None = None
        # Of the run's frames: its hints are heard, no others.
        self._source = 0
        self._overheard = Overheard()
        self._has_more = asyncio.Event()
        self._is_asked_to_read = False
        self._read_at = self._asked_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def shown(self) -> live.Shown | None:
        return self._showing.shown if self._showing else None

    def start(self) -> None:
        live.follow(self.answer, self)
        _mirrors[self.answer] = self
        self._task = own(self(), f"mirror {self.answer}")

    def give_way(self) -> None:
        """Show nothing more: nobody watches, or this process now writes the answer itself."""
        self._leave()
        if self._task:
            self._task.cancel()

    def look(self) -> None:
        """Read the database now: it says something else than is shown here."""
        self._is_asked_to_read = True
        self._has_more.set()

    def hear(self, hint: Mapping[str, Any]) -> None:
        # A process that was frozen may still speak of a run that is over.
        if hint["source"] == self._source:
            self._overheard.add(hint["begin"], hint["text"], hint["thought_begin"], hint["thought"])
            self._has_more.set()

    async def __call__(self) -> None:
        try:
            # A database thread of its own, as a runner has.
            async with ThreadSensitiveContext():
                end = await self._follow()
        finally:
            self._leave()
        if end is not None:
            await self._tell_ended(end)

    def _leave(self) -> None:
        live.follow_no_more(self.answer, self)
        if _mirrors.get(self.answer) is self:
            del _mirrors[self.answer]

    async def _follow(self) -> Stored | None:
        """The row that says how it ended; None where there is nothing more to follow here."""
        begun = await self._begin()
        if begun is None:
            return None
        self._showing = showing = begun
        await broadcasts.tell_here(self.conversation_id, broadcasts.AnswerFollowed(self.answer))
        while True:
            await self._keep_asking()
            text, thought = self._take(showing)
            if not (text or thought) and self._is_due:
                row = await self._read(showing)
                if row and not row.is_running:
                    return row
                if row is None or row.run != self._run:
                    # Another run begins where the database ends, which may be before this.
                    return None
                text, thought = row.text, row.reasoning
            if text or thought:
                self._read_at = time.monotonic()
                frame = await showing.grow(text, thought)
                await broadcasts.tell_here(self.conversation_id, frame)
                await showing.rest()
            else:
                await self._wait()

    async def _begin(self) -> Showing | None:
        try:
            answer = await in_database(Message.objects.filter(pk=self.answer).first)
        except DatabaseError:
            return None
        if answer is None or not answer.is_running or answer.run is None:
            return None
        self._run, self._source = answer.run, live.source_of(answer.run)
        self._read_at = time.monotonic()
        return await Showing.of(answer, live.source_of(uuid.uuid4()))

    # --- where more comes from --------------------------------------------------------------

    async def _keep_asking(self) -> None:
        now = time.monotonic()
        if now - self._asked_at >= ASK_SECONDS:
            self._asked_at = now
            await elsewhere.watch(self.answer)

    def _take(self, showing: Showing) -> tuple[str, str]:
        self._has_more.clear()
        return self._overheard.take(showing.shown.position, len(showing.shown.reasoning))

    @property
    def _is_due(self) -> bool:
        return self._is_asked_to_read or time.monotonic() >= self._read_at + self._patience

    @property
    def _patience(self) -> float:
        return GAP_SECONDS if self._overheard.has_more else READ_SECONDS

    async def _read(self, showing: Showing) -> Stored | None:
        self._is_asked_to_read = False
        self._read_at = time.monotonic()
        at = showing.shown
        try:
            return await in_database(stored_after, self.answer, at.position, len(at.reasoning))
        except DatabaseError:
            # Hints go on without it, and it may be back the next time.
            return Stored(self._run, True, "", "", 0)

    async def _wait(self) -> None:
        left = self._read_at + self._patience - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.01)):
                await self._has_more.wait()
        except TimeoutError:
            pass

    async def _tell_ended(self, row: Stored) -> None:
        """Unless readers know: each change of a conversation is told once.

        The number of this one is known where it is the only one missing; else the log is read
        again for the others anyway.
        """
        told = broadcasts.told(self.conversation_id)
        if not told.knows(row.changes):
            number = row.changes if told.knows(row.changes - 1) else 0
            ended = broadcasts.AnswerEnded(self.answer, number)
            await broadcasts.tell_here(self.conversation_id, ended)


_mirrors: dict[uuid.UUID, Mirror] = {}


def follow(answer: uuid.UUID, conversation: uuid.UUID) -> None:
    """Show an answer that another process writes."""
    if answer not in _mirrors:
        Mirror(answer, conversation).start()


def mirrors() -> tuple[Mirror, ...]:
    return tuple(_mirrors.values())


def hear(hint: Mapping[str, Any]) -> bool:
    """New text of an answer, from whoever writes it; False where it is not followed."""
    found = _mirrors.get(uuid.UUID(hint["answer"]))
    if found:
        found.hear(hint)
    return found is not None
