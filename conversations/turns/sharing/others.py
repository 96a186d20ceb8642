"""The other processes of this site: hints to them and from them, each of which may be lost.

    say, say_soon, say_to ─▶ a bounded queue ─▶ sender ─▶ channel layer ─▶ receiver ─▶ a bounded
                                                          of the others     queue a kind ─▶ handler

Nothing here waits for Redis but tasks of its own. Where Redis is away, or says nothing, hints are
dropped and the connection is made anew until it holds; all that they say is found in the database
as well, a little later. Without REDIS_URL there is nothing to send them over.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from channels.layers import channel_layers
from django.conf import settings

from conversations import metrics

from ..tasks import own

log = logging.getLogger(__name__)

# This process, as the others know it.
PROCESS = uuid.uuid4()

GROUP = "processes"
# Hints that wait to be sent, and of one kind those that wait to be heard; more are dropped.
MOST_TO_SEND, MOST_TO_HEAR = 1_000, 200
# Seconds that one hint may take, that connecting may take, and after which a hint is of no use.
PATIENCE, CONNECT_PATIENCE, STALE = 1.0, 3.0, 2.0
# A process hears its own pulse; one that has heard nothing for so many seconds is cut off.
PULSE, SILENCE = 2.0, 7.0
# Seconds between two tries to connect.
PAUSE = 1.0

Handler = Callable[[Mapping[str, Any]], Awaitable[None]]
_handlers: dict[str, Handler] = {}


def listen(kind: str, handler: Handler) -> None:
    """Call this for every hint of a kind that another process sends, one after the other."""
    _handlers[kind] = handler


async def say(kind: str, **fields: object) -> None:
    """Hint to all other processes; never raises and never waits."""
    if _post:
        _post.put("", kind, fields)


async def say_to(channel: str, kind: str, **fields: object) -> None:
    """The same, to the one process that has this channel."""
    if _post:
        _post.put(channel, kind, fields)


def say_soon(kind: str, **fields: object) -> None:
    """The same as `say`, from any thread."""
    if _post:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the process with it
            _post.loop.call_soon_threadsafe(_post.put, "", kind, fields)


def channel() -> str:
    """Where others reach this process alone; "" as long as they cannot."""
    return _post.channel if _post else ""


def start() -> None:
    """Begin to hear and to be heard, where there is something to do it over."""
    global _post
    if settings.REDIS_URL:
        _post = _Post()
        own(_post(), "hints")


def stop() -> None:
    """Say nothing more."""
    global _post
    _post = None


class _CutOff(Exception):
    """Not even this process's own pulse has come back."""


class _Post:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.channel = ""
        self._layer: Any = None
        self._to_send: asyncio.Queue[tuple[float, str, Mapping[str, Any]]] = asyncio.Queue(
            MOST_TO_SEND
        )
        self._to_hear: dict[str, asyncio.Queue[Mapping[str, Any]]] = {}
        self._heard_at = 0.0
        self._is_cut_off = False

    def put(self, channel: str, kind: str, fields: Mapping[str, object]) -> None:
        hint = {"type": "hint", "from": str(PROCESS), "kind": kind, "fields": fields}
        _put(self._to_send, (time.monotonic(), channel, hint))

    # --- the connection -------------------------------------------------------------------

    async def __call__(self) -> None:
        while True:
            try:
                await self._hold_connection()
            except Exception as error:
                self._note_cut_off(error)
            await asyncio.sleep(PAUSE)

    async def _hold_connection(self) -> None:
        """Until it breaks; raises what broke it."""
        self._layer = self._layer or channel_layers.make_backend("default")
        tasks: set[asyncio.Task[None]] = set()
        try:
            # Of tasks, since what hangs in Redis' client may also hang in its cancellation.
            channel = await _within(CONNECT_PATIENCE, self._connect())
            self._heard_at = time.monotonic()
            self.channel = channel
            for work in (self._send(), self._receive(channel), self._watch()):
                tasks.add(asyncio.create_task(work))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.channel = ""
            for task in tasks:
                _abandon(task)
            if tasks:
                await asyncio.wait(tasks, timeout=PATIENCE)
            await self._disconnect()

    async def _connect(self) -> str:
        channel: str = await self._layer.new_channel()
        await self._layer.group_add(GROUP, channel)
        return channel

    async def _disconnect(self) -> None:
        try:
            await _within(PATIENCE, self._layer.flush())
        except Exception:
            # It cannot even be given up properly; the next one is another.
            self._layer = None

    def _note_cut_off(self, error: Exception) -> None:
        """Once an outage."""
        if not self._is_cut_off:
            self._is_cut_off = True
            why = str(error) or type(error).__name__
            log.warning("no hints reach other processes; the database is read instead: %s", why)

    def _note_heard(self) -> None:
        self._heard_at = time.monotonic()
        if self._is_cut_off:
            self._is_cut_off = False
            log.info("hints reach other processes again")

    async def _watch(self) -> None:
        while True:
            self.put("", "pulse", {})
            await asyncio.sleep(PULSE)
            if time.monotonic() - self._heard_at > SILENCE:
                raise _CutOff("nothing is heard")

    # --- hints ----------------------------------------------------------------------------

    async def _send(self) -> None:
        while True:
            since, channel, hint = await self._to_send.get()
            if time.monotonic() - since > STALE:
                continue
            layer = self._layer
            sending = layer.send(channel, hint) if channel else layer.group_send(GROUP, hint)
            try:
                await _within(PATIENCE, sending)
            except Exception:
                metrics.HINTS.labels("failed").inc()
                raise
            metrics.HINTS.labels("sent").inc()

    async def _receive(self, channel: str) -> None:
        while True:
            hint = await self._layer.receive(channel)
            self._note_heard()
            if hint.get("from") != str(PROCESS) and hint.get("kind") in _handlers:
                metrics.HINTS.labels("received").inc()
                self._hear(hint["kind"], hint["fields"])

    def _hear(self, kind: str, fields: Mapping[str, Any]) -> None:
        if kind not in self._to_hear:
            self._to_hear[kind] = asyncio.Queue(MOST_TO_HEAR)
            own(self._handle(kind, self._to_hear[kind]), f"hints: {kind}")
        _put(self._to_hear[kind], fields)

    async def _handle(self, kind: str, heard: asyncio.Queue[Mapping[str, Any]]) -> None:
        while True:
            fields = await heard.get()
            try:
                await _handlers[kind](fields)
            except Exception:
                log.exception("a hint could not be followed: %s", kind)


_post: _Post | None = None


def _put(queue: asyncio.Queue[Any], item: Any) -> None:
    """The newest counts; where there is no room, the oldest is dropped."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(item)


async def _within(seconds: float, work: Awaitable[Any]) -> Any:
    """What it returns; raises TimeoutError where it takes longer, whatever it does then."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        _abandon(task)
        raise TimeoutError(f"no answer within {seconds:g} s")
    return task.result()


_abandoned: set[asyncio.Future[Any]] = set()


def _abandon(task: asyncio.Future[Any]) -> None:
    """Cancelled, and nobody waits for it: it may hang in its own clearing up."""
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_forget)


def _forget(task: asyncio.Future[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()
