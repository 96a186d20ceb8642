"""What happens in a conversation, told to whoever watches it.

Readers in this process are called directly: through a channel layer each frame would cost fifteen
times as much. What a reader does with an event must not wait for anything but its own socket.
Other processes get a hint, which may be lost; what it said, they then find in the database.
"""

import logging
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from conversations.line import Wait

from . import elsewhere, live, others
from .told import Told

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrameShown:
    """More of a running answer: covers the characters `[begin, end)` of its text."""

    answer: uuid.UUID
    begin: int
    end: int
    settled: str
    tail: str | None
    grown: str
    reasoning: str
    # What is new, as it came.
    text: str = ""
    # Whose frames these are (`live.Shown`); characters of reasoning that came before.
    source: int = 0
    thought_begin: int = 0


# `changes` is the number that the conversation gave this change (`Conversation.changes`), nought
# where nobody knows it. Readers are told of each number once.


@dataclass(frozen=True)
class AnswerEnded:
    answer: uuid.UUID
    changes: int = 0


@dataclass(frozen=True)
class MessageSent:
    """A message was stored with its queued answer."""

    question: uuid.UUID
    changes: int = 0


@dataclass(frozen=True)
class ThreadChanged:
    """Another path is shown now: a retry, or a step to another version."""

    changes: int = 0


@dataclass(frozen=True)
class AnswerFollowed:
    """From now on this process shows an answer that another one writes."""

    answer: uuid.UUID


@dataclass(frozen=True)
class WaitChanged:
    """An answer in line: why it waits now; None once it goes on."""

    answer: uuid.UUID
    wait: Wait | None


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the site while an answer goes on; no words: it is over."""

    words: str


Event = (
    FrameShown | AnswerEnded | AnswerFollowed | MessageSent | ThreadChanged | WaitChanged | Trouble
)


class Reader(Protocol):
    async def tell(self, event: Event) -> None: ...


class _Watched:
    """A conversation that somebody watches in this process."""

    def __init__(self) -> None:
        self.readers: set[Reader] = set()
        self.told = Told()
        self.is_in_trouble = False


_watched: dict[uuid.UUID, _Watched] = {}


def subscribe(conversation: uuid.UUID, reader: Reader) -> None:
    _watched.setdefault(conversation, _Watched()).readers.add(reader)


def unsubscribe(conversation: uuid.UUID, reader: Reader) -> None:
    watched = _watched.get(conversation)
    if watched:
        watched.readers.discard(reader)
        if not watched.readers:
            del _watched[conversation]


def watched() -> Collection[uuid.UUID]:
    """The conversations that somebody watches in this process."""
    return tuple(_watched)


def told(conversation: uuid.UUID) -> Told:
    """What its readers in this process know; of one that nobody watches it is of no consequence."""
    found = _watched.get(conversation)
    return found.told if found else Told()


async def publish(conversation: uuid.UUID, event: Event) -> None:
    """Tell everybody who watches, in other processes as well."""
    match event:
        case FrameShown():
            await elsewhere.pass_on(
                event.answer,
                event.source,
                event.begin,
                event.text,
                event.thought_begin,
                event.reasoning,
            )
        case AnswerEnded(answer):
            elsewhere.forget(answer)
    if said := _said(event):
        await others.say("event", conversation=str(conversation), **said)
    await tell_here(conversation, event)


async def tell_here(conversation: uuid.UUID, event: Event) -> None:
    """Tell those who watch in this process."""
    if isinstance(event, AnswerEnded):
        live.end_mirror(event.answer)
    found = _watched.get(conversation)
    if found and found.told.note(getattr(event, "changes", 0)):
        await _tell(conversation, found, event)


async def tell_missed(conversation: uuid.UUID, changes: int) -> None:
    """Those who watch in this process read everything again, up to this change at least."""
    if found := _watched.get(conversation):
        found.told.settle(changes)
        await _tell(conversation, found, ThreadChanged(changes))


async def _tell(conversation: uuid.UUID, found: _Watched, event: Event) -> None:
    if isinstance(event, Trouble):
        found.is_in_trouble = bool(event.words)
    elif isinstance(event, AnswerEnded) and found.is_in_trouble:
        # The hint that it is over may have been lost; an ending that is stored says so as well.
        await _tell(conversation, found, Trouble(""))
    for reader in tuple(found.readers):
        try:
            await reader.tell(event)
        except Exception:
            # One broken socket must not end the showing for everybody else.
            log.exception("a reader of %s could not be told", conversation)
            unsubscribe(conversation, reader)


# --- events as hints ------------------------------------------------------------------------


def _said(event: Event) -> dict[str, object] | None:
    """None for one that every process finds out for itself."""
    match event:
        case AnswerEnded(answer, changes):
            return {"what": "ended", "id": str(answer), "changes": changes}
        case MessageSent(question, changes):
            return {"what": "sent", "id": str(question), "changes": changes}
        case ThreadChanged(changes):
            return {"what": "changed", "changes": changes}
        case Trouble(words):
            return {"what": "trouble", "words": words}
    return None


async def tell_what_was_said(hint: Mapping[str, Any]) -> None:
    """What another process has published, to those who watch in this one."""
    event: Event
    match hint["what"]:
        case "ended":
            event = AnswerEnded(uuid.UUID(hint["id"]), hint["changes"])
        case "sent":
            event = MessageSent(uuid.UUID(hint["id"]), hint["changes"])
        case "changed":
            event = ThreadChanged(hint["changes"])
        case "trouble":
            event = Trouble(hint["words"])
        case _:
            return
    await tell_here(uuid.UUID(hint["conversation"]), event)
