"""The socket of one open conversation: frames go out, positions come in, nothing else.

A consumer's handlers run one at a time, so none of them waits for the database or a template:
such work is a task of this socket's own, and ends with it.
"""

import asyncio
import hashlib
import json
import logging
import math
import time
import uuid
from collections.abc import Coroutine
from importlib import import_module
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from conversations import wire
from conversations.models import Conversation
from conversations.turns import broadcasts, shown

# Not 1012, the standard code for a restart: Autobahn sends 1000 and 3000 to 4999 only.
SIGNED_OUT, NOT_FOUND, RESTARTING = 4401, 4404, 4012

# A reader that has not said what it has seen is sent so much and then nothing more: Daphne
# would queue without limit for a client that does not read.
UNSEEN_PACKETS = 64
UNSEEN_BYTES = 1_000_000
# A page may ask for everything of a running answer once in so many seconds.
SHOW_SECONDS = 1
# Tasks that one socket may have under way; what comes on top waits for the next report.
MOST_TASKS = 8
# How often a socket asks whether its session still holds, in seconds.
SESSION_CHECK_SECONDS = 30


def session_group(session_key: str) -> str:
    """The channel group of a session's sockets; the key itself is a secret."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def person_group(user_id: object) -> str:
    return f"person.{user_id}"


log = logging.getLogger(__name__)


class ConversationConsumer(AsyncWebsocketConsumer):
    open: ClassVar[set["ConversationConsumer"]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._unseen_packets = self._unseen_bytes = 0
        # A reader that is behind is sent nothing; one that missed more than frames reads the
        # whole log again.
        self._is_behind = self._has_missed = False
        self._checked, self._shown = time.monotonic(), -math.inf
        self.conversation_id: uuid.UUID = scope["url_route"]["kwargs"]["conversation_id"]
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            # The process is told to stop: the page shall come back and find the next one.
            await self.close(RESTARTING)
            raise
        finally:
            # `disconnect` is not called when the server cancels a socket; this is reached always.
            self._leave()

    def _leave(self) -> None:
        self.open.discard(self)
        broadcasts.unsubscribe(self.conversation_id, self)
        for task in self._tasks:
            task.cancel()

    async def connect(self) -> None:
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            return await self._refuse(SIGNED_OUT)
        owned = Conversation.objects.owned_by(user).filter(pk=self.conversation_id)
        if not await owned.aexists():
            return await self._refuse(NOT_FOUND)
        session: SessionBase = self.scope["session"]
        self.groups = [session_group(session.session_key or ""), person_group(user.pk)]
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        self.open.add(self)
        broadcasts.subscribe(self.conversation_id, self)
        return None

    async def _refuse(self, code: int) -> None:
        # A websocket cannot answer 404, and the page would retry a refusal for ever.
        await self.accept()
        await self.close(code)

    # --- what the page says ---------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        report = wire.report_in(text_data)
        if report is None or self not in self.open:
            return
        was_behind, has_missed = self._is_behind, self._has_missed
        self._is_behind = self._has_missed = False
        self._unseen_packets = self._unseen_bytes = 0
        await self._say(wire.HERE)
        if has_missed:
            await self._say(wire.THREAD_CHANGED)
        elif report["show"] or was_behind:
            await self._show_all(report["show"] | report["seen"])
        if time.monotonic() - self._checked > SESSION_CHECK_SECONDS:
            self._checked = time.monotonic()
            self._start(self._check_session())

    async def _show_all(self, positions: dict[uuid.UUID, int]) -> None:
        """Everything of these answers, where the page has something else; not twice a second."""
        if time.monotonic() - self._shown < SHOW_SECONDS:
            self._start(self._show_later(positions))
            return
        self._shown = time.monotonic()
        for answer, position in positions.items():
            now = shown(self.conversation_id, answer)
            if now is None:
                self._start(self._show_stored(answer))
            # Positions count the answer's text alone: how much of its reasoning a page has, it
            # does not say.
            elif now.position != position or now.reasoning:
                await self._say(wire.whole_frame(answer, now))

    async def _show_later(self, positions: dict[uuid.UUID, int]) -> None:
        await asyncio.sleep(SHOW_SECONDS)
        await self._show_all(positions)

    # --- what happens in the conversation -------------------------------------------------

    async def tell(self, event: broadcasts.Event) -> None:
        match event:
            case broadcasts.FrameShown():
                await self._frame(event)
            case broadcasts.AnswerEnded(answer):
                self._start(self._show_stored(answer))
            case broadcasts.MessageSent(question):
                self._start(self._show_exchange(question))
            case broadcasts.ThreadChanged():
                await self._say(wire.THREAD_CHANGED)

    async def _frame(self, frame: broadcasts.FrameShown) -> None:
        text, size = wire.frame_text(frame)
        if self._has_room(size):
            await self.send(text)

    async def _show_stored(self, answer: uuid.UUID) -> None:
        if turn := await database_sync_to_async(wire.ended_turn)(self.conversation_id, answer):
            await self._say(turn)

    async def _show_exchange(self, question: uuid.UUID) -> None:
        found = await database_sync_to_async(wire.exchange)(self.conversation_id, question)
        if found:
            await self._say(found)

    # --- the session ----------------------------------------------------------------------

    async def session_ended(self, event: dict[str, Any]) -> None:
        await self.close(SIGNED_OUT)

    async def password_changed(self, event: dict[str, Any]) -> None:
        self._start(self._check_session())

    async def _check_session(self) -> None:
        """A page that is still signed in, under another key, comes back; another one cannot."""
        if not await database_sync_to_async(_still_signed_in)(dict(self.scope)):
            await self.close(RESTARTING)

    # --- sending --------------------------------------------------------------------------

    async def _say(self, packet: wire.Packet) -> None:
        text = json.dumps(packet, ensure_ascii=False)
        size = len(text.encode())
        if size > wire.LARGEST_PACKET:
            # More than a websocket takes at once: the page reads the log over HTTP instead.
            text = json.dumps(wire.THREAD_CHANGED)
            size = len(text)
        if self._has_room(size):
            await self.send(text)
        else:
            self._has_missed = True

    def _has_room(self, size: int) -> bool:
        """Whether the reader may be sent this many bytes more before it says what it has seen."""
        self._unseen_packets += 1
        self._unseen_bytes += size
        if self._unseen_packets > UNSEEN_PACKETS or self._unseen_bytes > UNSEEN_BYTES:
            self._is_behind = True
        return not self._is_behind

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= MOST_TASKS:
            self._is_behind = self._has_missed = True
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a socket's task failed", exc_info=error)


class NoSuchSocket(AsyncWebsocketConsumer):
    """Every other path."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


def _still_signed_in(scope: dict[str, Any]) -> bool:
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(scope["session"].session_key)
    return bool(get_user(request).pk == scope["user"].pk)
