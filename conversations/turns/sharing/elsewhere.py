"""Text on its way to processes that show an answer which this one writes.

A process that watches says so again and again, with the channel under which it can be reached;
for as long as that holds, what is new here is sent there. What does not arrive it reads from the
database.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from conversations.text import storable

from . import others

# Seconds that a process which watches is believed.
LEASE_SECONDS = 6.0
# Characters that a hint may have; more is read from the database.
LONGEST_HINT = 64_000
# Answers of which it is known who watches them, and processes that watch one of them.
MOST_ANSWERS, MOST_PROCESSES = 2_000, 50

# Until when, by the monotonic clock, each answer is watched under which channel.
_leases: dict[uuid.UUID, dict[str, float]] = {}


async def watch(answer: uuid.UUID) -> None:
    """Ask whoever writes this answer to send its text here, for a while."""
    if channel := others.channel():
        await others.say("watching", answer=str(answer), channel=channel)


async def note_watcher(hint: Mapping[str, Any]) -> None:
    now = time.monotonic()
    answer = uuid.UUID(hint["answer"])
    if answer not in _leases and len(_leases) >= MOST_ANSWERS:
        for each in [each for each, until in _leases.items() if max(until.values()) < now]:
            del _leases[each]
        if len(_leases) >= MOST_ANSWERS:
            return
    channels = _leases.setdefault(answer, {})
    if len(channels) < MOST_PROCESSES:
        channels[str(hint["channel"])] = now + LEASE_SECONDS


async def pass_on(
    answer: uuid.UUID, source: int, begin: int, text: str, thought_begin: int, thought: str
) -> None:
    """Send what is new to those who watch."""
    watching = _watching(answer)
    if not watching or len(text) + len(thought) > LONGEST_HINT:
        return
    fields = {
        "answer": str(answer),
        "source": source,
        "begin": begin,
        "text": storable(text),
        "thought_begin": thought_begin,
        "thought": storable(thought),
    }
    for channel in watching:
        await others.say_to(channel, "text", **fields)


def _watching(answer: uuid.UUID) -> Sequence[str]:
    channels = _leases.get(answer)
    if not channels:
        return ()
    now = time.monotonic()
    for channel in [channel for channel, until in channels.items() if until < now]:
        del channels[channel]
    if not channels:
        del _leases[answer]
    return tuple(channels)


def forget(answer: uuid.UUID) -> None:
    """It has ended."""
    _leases.pop(answer, None)
