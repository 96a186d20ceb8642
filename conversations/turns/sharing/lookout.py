"""Finds out, for those who watch in this process, what other processes do and no hint has said.

One look for all of them, twice a second and whenever there is reason to: the number of each watched
conversation's changes, and its running answer. A number that goes up untold means that the log must
be read again; a running answer that is written elsewhere gets a mirror.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import DatabaseError
from django.db.models import FilteredRelation, Q

from conversations.models import RUNNING, Conversation

from .. import dispatch
from ..tasks import in_database, own
from . import broadcasts, elsewhere, live, mirror, others

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# Two looks are so many seconds apart at least, however much reason there is.
LEAST_SECONDS = 0.1
# How long a hint may take, or this process itself between storing a change and telling it: what was
# untold for so many seconds is told.
GRACE_SECONDS = 0.95
# A mirror that nobody watches any more goes on for so many seconds: pages are reloaded.
LINGER_SECONDS = 5.0
# Conversations in one query.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Seen:
    """A conversation in the database: its changes so far, and its running answer."""

    conversation: uuid.UUID
    changes: int
    answer: uuid.UUID | None
    is_in_line: bool


def look_at(conversations: Sequence[uuid.UUID]) -> list[Seen]:
    running = FilteredRelation("messages", condition=Q(messages__status__in=RUNNING))
    found = Conversation.objects.annotate(running=running)
    columns = ("pk", "changes", "running__pk", "running__run")
    seen = []
    for first in range(0, len(conversations), MOST_AT_ONCE):
        some = conversations[first : first + MOST_AT_ONCE]
        for pk, changes, answer, run in found.filter(pk__in=some).values_list(*columns):
            seen.append(Seen(pk, changes, answer, answer is not None and run is None))
    return seen


class Lookout:
    def __init__(self) -> None:
        self._reason = asyncio.Event()
        # Since when, by the monotonic clock, a change has been untold, and a mirror unwatched.
        self._untold: dict[uuid.UUID, tuple[int, float]] = {}
        self._unwatched: dict[uuid.UUID, float] = {}
        # When the writer-to-be of an answer in line was last told that it is watched.
        self._asked: dict[uuid.UUID, float] = {}
        self._is_away = False

    def nudge(self) -> None:
        self._reason.set()

    async def __call__(self) -> None:
        # A database thread of its own.
        async with ThreadSensitiveContext():
            while True:
                await self._rest()
                await self._look_once()

    async def _rest(self) -> None:
        await asyncio.sleep(LEAST_SECONDS)
        try:
            async with asyncio.timeout(LOOK_SECONDS - LEAST_SECONDS):
                await self._reason.wait()
        except TimeoutError:
            pass
        self._reason.clear()

    async def _look_once(self) -> None:
        try:
            await self.look()
        except DatabaseError as error:
            if not self._is_away:
                log.warning("the database cannot be looked at: %s", type(error).__name__)
            self._is_away = True
        except Exception:
            log.exception("what other processes do could not be looked at")
        else:
            self._is_away = False

    async def look(self) -> None:
        watched = broadcasts.watched()
        seen = await in_database(look_at, tuple(watched)) if watched else []
        for each in seen:
            await self._compare(each)
        await self._wait_with([each.answer for each in seen if each.answer and each.is_in_line])
        self._tend_mirrors({each.answer for each in seen})

    async def _compare(self, seen: Seen) -> None:
        told = broadcasts.told(seen.conversation)
        told.begin(seen.changes)
        if told.knows(seen.changes):
            self._untold.pop(seen.conversation, None)
        elif self._is_overdue(seen, told.all_to + 1):
            self._untold.pop(seen.conversation, None)
            await broadcasts.tell_missed(seen.conversation, seen.changes)
        if seen.answer and not seen.is_in_line and live.runner(seen.answer) is None:
            mirror.follow(seen.answer, seen.conversation)

    async def _wait_with(self, answers: list[uuid.UUID]) -> None:
        """Those in line: whoever looks at it finds out their place, and whoever begins to write
        one knows already that it is watched here.
        """
        now = time.monotonic()
        self._asked = {each: self._asked.get(each, 0) for each in answers}
        for each, asked_at in self._asked.items():
            if now - asked_at >= mirror.ASK_SECONDS:
                self._asked[each] = now
                await elsewhere.watch(each)
        if answers:
            dispatch.nudge()

    def _is_overdue(self, seen: Seen, missing: int) -> bool:
        now = time.monotonic()
        known, since = self._untold.get(seen.conversation, (0, now))
        if known != missing:
            since = now
        self._untold[seen.conversation] = (missing, since)
        return now - since >= GRACE_SECONDS

    def _tend_mirrors(self, running: set[uuid.UUID | None]) -> None:
        now = time.monotonic()
        watched = set(broadcasts.watched())
        self._untold = {each: at for each, at in self._untold.items() if each in watched}
        followed = mirror.mirrors()
        self._unwatched = {
            each.answer: self._unwatched.get(each.answer, now)
            for each in followed
            if each.conversation_id not in watched
        }
        for each in followed:
            if now - self._unwatched.get(each.answer, now) > LINGER_SECONDS:
                each.give_way()
            elif each.conversation_id in watched and each.answer not in running:
                each.look()


_lookout: Lookout | None = None


def start() -> None:
    """Look out from now on, and listen to what other processes say of their conversations."""
    global _lookout
    _lookout = Lookout()
    others.listen("event", _hear_event)
    others.listen("watching", elsewhere.note_watcher)
    others.listen("text", _hear_text)
    own(_lookout(), "lookout")
    others.start()


def nudge() -> None:
    """Look now: there is reason to."""
    if _lookout:
        _lookout.nudge()


async def _hear_event(hint: Mapping[str, Any]) -> None:
    await broadcasts.tell_what_was_said(hint)
    if uuid.UUID(hint["conversation"]) in broadcasts.watched():
        nudge()


async def _hear_text(hint: Mapping[str, Any]) -> None:
    if not mirror.hear(hint):
        nudge()
