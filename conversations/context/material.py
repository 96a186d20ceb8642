"""What a strategy is given, and what a strategy is."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .pieces import Context, Piece


@dataclass(frozen=True)
class Digest:
    """A stored summary of the thread's beginning through one of its messages."""

    id: int
    through: uuid.UUID
    text: str
    tokens: int


def _no_digests() -> Sequence[Digest]:
    return ()


def _no_finds(without: Collection[uuid.UUID], most: int, everywhere: bool) -> Sequence[Piece]:
    return ()


@dataclass(frozen=True)
class Material:
    """All that a strategy may choose from.

    `path` is the thread, oldest first, and ends with what is to be answered; `closing` is a
    literal that follows it. `limit` is the room for the prompt in tokens. `count` gives the
    tokens of a text, `digests` the summaries that hold for this path, and `find` at most so many
    messages that say what is being asked about, best first, without those named.
    """

    system: Piece | None
    path: Sequence[Piece]
    limit: int
    count: Callable[[str], int]
    numbers: Mapping[str, int] = field(default_factory=dict)
    closing: Piece | None = None
    digests: Callable[[], Sequence[Digest]] = _no_digests
    find: Callable[[Collection[uuid.UUID], int, bool], Sequence[Piece]] = _no_finds


@dataclass(frozen=True)
class Number:
    """A number of a strategy; a switch is 0 or 1."""

    name: str
    label: str
    default: int
    least: int
    most: int
    explanation: str = ""

    @property
    def is_switch(self) -> bool:
        return (self.least, self.most) == (0, 1)


@dataclass(frozen=True)
class Strategy:
    """`rank` is its place where strategies are offered. One that `bends` may leave out more when
    the provider finds the prompt too long.
    """

    name: str
    label: str
    explanation: str
    choose: Callable[[Material], Context]
    rank: int
    numbers: tuple[Number, ...] = ()
    bends: bool = True
