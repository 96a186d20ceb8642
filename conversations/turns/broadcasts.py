"""What happens in a conversation, told to whoever watches it in this process.

Readers are called directly: through a channel layer each frame would cost fifteen times as
much. What a reader does with an event must not wait for anything but its own socket.
"""

import logging
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True)
class AnswerEnded:
    answer: uuid.UUID


@dataclass(frozen=True)
class MessageSent:
    """A message was stored with its queued answer."""

    question: uuid.UUID


@dataclass(frozen=True)
class ThreadChanged:
    """Another path is shown now: a retry, or a step to another version."""


Event = FrameShown | AnswerEnded | MessageSent | ThreadChanged


class Reader(Protocol):
    async def tell(self, event: Event) -> None: ...


_readers: dict[uuid.UUID, set[Reader]] = defaultdict(set)


def subscribe(conversation: uuid.UUID, reader: Reader) -> None:
    _readers[conversation].add(reader)


def unsubscribe(conversation: uuid.UUID, reader: Reader) -> None:
    readers = _readers.get(conversation, set())
    readers.discard(reader)
    if not readers:
        _readers.pop(conversation, None)


async def publish(conversation: uuid.UUID, event: Event) -> None:
    for reader in tuple(_readers.get(conversation, ())):
        try:
            await reader.tell(event)
        except Exception:
            # One broken socket must not end the showing for everybody else.
            log.exception("a reader of %s could not be told", conversation)
            unsubscribe(conversation, reader)
