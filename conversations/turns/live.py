"""The answers that this process writes now, and what their readers have been shown.

A task that nobody references may be collected in the middle of its work, so this registry
holds every runner until its ending is written.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Shown:
    """What readers of a running answer have on their page: a position and its HTML."""

    position: int
    settled: str = ""
    tail: str = ""
    reasoning: str = ""


class Runner(Protocol):
    @property
    def conversation_id(self) -> uuid.UUID: ...

    @property
    def shown(self) -> Shown: ...

    def stop(self) -> None: ...

    def interrupt(self) -> None: ...


_runners: dict[uuid.UUID, Runner] = {}


def enter(answer: uuid.UUID, runner: Runner) -> None:
    _runners[answer] = runner


def leave(answer: uuid.UUID, runner: Runner) -> None:
    """Unless another one writes it by now: an answer may be continued as soon as it has ended."""
    if _runners.get(answer) is runner:
        del _runners[answer]


def runner(answer: uuid.UUID) -> Runner | None:
    return _runners.get(answer)


def running() -> Sequence[uuid.UUID]:
    return tuple(_runners)


def shown(conversation: uuid.UUID, answer: uuid.UUID) -> Shown | None:
    """None where this process writes no such answer in this conversation."""
    found = _runners.get(answer)
    return found.shown if found and found.conversation_id == conversation else None
