"""The socket of one open conversation: frames go out, positions come in, nothing else.

A consumer's handlers run one at a time, so none of them waits for the database or a template:
such work is a task of this socket's own, and ends with it.
"""

import asyncio
import contextvars
import json
import logging
import math
import time
import uuid
from collections.abc import Coroutine
from typing import Any, ClassVar

from autobahn.exception import Disconnected
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from conversations import metrics, sessions, wire
from conversations.backlog import Backlog
from conversations.models import Conversation
from conversations.turns import shown, watch
from conversations.turns.sharing import broadcasts, lookout

# Not 1012, the standard code for a restart: Autobahn sends 1000 and 3000 to 4999 only.
SIGNED_OUT, NOT_FOUND, RESTARTING = 4401, 4404, 4012

# A page may ask for everything of a running answer once in so many seconds.
SHOW_SECONDS = 1
# Tasks that one socket may have under way; what comes on top waits for the next report.
MOST_TASKS = 8
# How often a socket asks whether its session still holds, in seconds.
SESSION_CHECK_SECONDS = 30

# No channel layer: a socket must not be lost with Redis. Hints have their own way (turns/sharing/others.py).
NO_LAYER = ""

log = logging.getLogger(__name__)


class ConversationConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = NO_LAYER
    open: ClassVar[set["ConversationConsumer"]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._context = contextvars.copy_context()
        self._backlog, self._has_reported = Backlog(), False
        self._checked, self._shown = time.monotonic(), -math.inf
        # How often an answer's wait has changed: of two that are rendered at once the newer counts.
        self._waits = 0
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
        metrics.SOCKETS.set(len(self.open))
        sessions.leave(self)
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
        await self.accept()
        self.open.add(self)
        metrics.SOCKETS.set(len(self.open))
        sessions.enter(self, self.scope["session"].session_key or "", user.pk)
        broadcasts.subscribe(self.conversation_id, self)
        # Asked after that, so that nothing can happen in between unheard.
        changes = await owned.values_list("changes", flat=True).afirst()
        broadcasts.told(self.conversation_id).begin(changes or 0)
        lookout.nudge()
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
        before, self._backlog = self._backlog, Backlog()
        heals = before.is_behind or report.show
        at = {} if heals else {each: shown(self.conversation_id, each) for each in report.seen}
        await self._say(wire.here(broadcasts.told(self.conversation_id).all_to, at))
        if before.has_missed or self._is_outdated(report):
            metrics.FRAMES_HEALED.inc()
            await self._say(wire.thread_changed())
        elif report.show or before.is_behind:
            await self._show_all(report)
        self._has_reported = True
        if time.monotonic() - self._checked > SESSION_CHECK_SECONDS:
            self._checked = time.monotonic()
            self._start(self._check_session())

    def _is_outdated(self, report: wire.Report) -> bool:
        """Whether the thread has changed since this page read its log, and before it came here."""
        if self._has_reported or report.changes is None:
            return False
        return report.changes < broadcasts.told(self.conversation_id).all_to

    async def _show_all(self, report: wire.Report) -> None:
        """Everything of these answers, where the page has something else; not twice a second."""
        if time.monotonic() - self._shown < SHOW_SECONDS:
            self._start(self._show_later(report))
            return
        self._shown = time.monotonic()
        for answer in {**report.show, **report.seen}:
            now = shown(self.conversation_id, answer)
            if now is None:
                self._start(self._show_stored(answer))
            elif not report.has(answer, now):
                metrics.FRAMES_HEALED.inc()
                await self._say(wire.whole_frame(answer, now))

    async def _show_later(self, report: wire.Report) -> None:
        await asyncio.sleep(SHOW_SECONDS)
        await self._show_all(report)

    # --- what happens in the conversation -------------------------------------------------

    async def tell(self, event: broadcasts.Event) -> None:
        match event:
            case broadcasts.FrameShown():
                await self._frame(event)
            case broadcasts.AnswerFollowed(answer):
                await self._show_followed(answer)
            case broadcasts.AnswerEnded(answer, changes):
                self._start(self._show_stored(answer, changes))
            case broadcasts.MessageSent(question, changes):
                self._start(self._show_exchange(question, changes))
            case broadcasts.WaitChanged():
                self._waits += 1
                self._start(self._show_wait(event, self._waits))
            case broadcasts.Trouble(words):
                await self._say(wire.trouble(words))
            case broadcasts.ThreadChanged(changes):
                await self._say(wire.thread_changed(changes))

    async def _frame(self, frame: broadcasts.FrameShown) -> None:
        text, size = wire.frame_text(frame)
        if self._backlog.has_room(size):
            await self._send(text)
            metrics.FRAMES_SENT.inc()
        else:
            metrics.FRAMES_DROPPED.inc()

    async def _show_followed(self, answer: uuid.UUID) -> None:
        now = shown(self.conversation_id, answer)
        if now and (now.position or now.reasoning) and not self._backlog.is_behind:
            await self._say(wire.whole_frame(answer, now))

    async def _show_stored(self, answer: uuid.UUID, changes: int = 0) -> None:
        known = self._waits
        ended_turn = database_sync_to_async(wire.ended_turn)
        turn = await ended_turn(self.conversation_id, answer, changes)
        if wire.is_wait(turn) and not await watch(answer):
            # Its turn came just now.
            turn = await ended_turn(self.conversation_id, answer, changes)
        # What it waits for may have changed again meanwhile, and been said.
        if turn and (turn["type"] != "wait" or known == self._waits):
            await self._say(turn | {"changes": changes})

    async def _show_wait(self, changed: broadcasts.WaitChanged, number: int) -> None:
        wait = await database_sync_to_async(wire.wait)(self.conversation_id, changed)
        if number == self._waits:
            await self._say(wait)

    async def _show_exchange(self, question: uuid.UUID, changes: int) -> None:
        found = await database_sync_to_async(wire.exchange)(self.conversation_id, question)
        await self._say(found | {"changes": changes} if found else wire.thread_changed(changes))

    # --- the session ----------------------------------------------------------------------

    def end_session(self) -> None:
        self._own(self.close(SIGNED_OUT))

    def check_session(self) -> None:
        self._own(self._check_session())

    async def _check_session(self) -> None:
        """A page that is still signed in, under another key, comes back; another one cannot."""
        session, user = self.scope["session"], self.scope["user"]
        holds = database_sync_to_async(sessions.still_holds)
        if not (user and await holds(session.session_key or "", user.pk)):
            await self.close(RESTARTING)

    # --- sending --------------------------------------------------------------------------

    async def _say(self, packet: wire.Packet) -> None:
        text = json.dumps(packet, ensure_ascii=False)
        size = len(text.encode())
        if size > wire.LARGEST_PACKET:
            # More than a websocket takes at once: the page reads the log over HTTP instead.
            text = json.dumps(wire.thread_changed())
            size = len(text)
        if self._backlog.has_room(size):
            await self._send(text)
        else:
            self._backlog.miss()

    async def _send(self, text: str) -> None:
        try:
            await self.send(text)
        except Disconnected:
            # It is closing, and the server will say so: nothing is wrong with it.
            log.debug("a reader of %s was gone already", self.conversation_id)
            broadcasts.unsubscribe(self.conversation_id, self)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= MOST_TASKS:
            self._backlog.miss()
            work.close()
        else:
            self._own(work)

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        # Whoever tells of an event has another database thread, which may be gone by then.
        task = asyncio.create_task(work, context=self._context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a socket's task failed", exc_info=error)
