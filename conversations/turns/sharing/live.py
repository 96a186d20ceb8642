"""The answers that this process writes now, or shows while another one writes them, and what their
readers have been shown.

A task that nobody references may be collected in the middle of its work, so this registry
holds every runner until its ending is written.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Shown:
    """What readers of a running answer have on their page: a position and its HTML.

    Where a text is cut into what is settled and what is not depends on how it came, so a frame
    fits only what the same source has shown before it; 0 is rendered from the database.
    """

    position: int
    settled: str = ""
    tail: str = ""
    reasoning: str = ""
    source: int = 0


def source_of(run: uuid.UUID) -> int:
    """48 bits: a page keeps it as a number."""
    return run.int >> 80


class Runner(Protocol):
    @property
    def conversation_id(self) -> uuid.UUID: ...

    @property
    def shown(self) -> Shown: ...

    def stop(self) -> None: ...

    def interrupt(self) -> None: ...


class Mirror(Protocol):
    @property
    def conversation_id(self) -> uuid.UUID: ...

    @property
    def shown(self) -> Shown | None: ...

    def give_way(self) -> None: ...


_runners: dict[uuid.UUID, Runner] = {}
_mirrors: dict[uuid.UUID, Mirror] = {}


def enter(answer: uuid.UUID, runner: Runner) -> None:
    _runners[answer] = runner
    end_mirror(answer)


def leave(answer: uuid.UUID, runner: Runner) -> None:
    """Unless another one writes it by now: an answer may be continued as soon as it has ended."""
    if _runners.get(answer) is runner:
        del _runners[answer]


def runner(answer: uuid.UUID) -> Runner | None:
    return _runners.get(answer)


def running() -> Sequence[uuid.UUID]:
    return tuple(_runners)


def follow(answer: uuid.UUID, mirror: Mirror) -> None:
    _mirrors[answer] = mirror


def follow_no_more(answer: uuid.UUID, mirror: Mirror) -> None:
    if _mirrors.get(answer) is mirror:
        del _mirrors[answer]


def end_mirror(answer: uuid.UUID) -> None:
    """It has ended, or is written here now."""
    if mirror := _mirrors.pop(answer, None):
        mirror.give_way()


def shown(conversation: uuid.UUID, answer: uuid.UUID) -> Shown | None:
    """None where this process shows no such answer in this conversation."""
    found = _runners.get(answer) or _mirrors.get(answer)
    return found.shown if found and found.conversation_id == conversation else None
