"""Which messages go into a request, and the record that proves it afterwards.

The system message is always first and never left out. When the rest does not fit, the oldest
exchanges go, whole: an exchange is a person's message with every answer that follows it. The
newest person's message always stays.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conversations.errors import DoesNotFit
from conversations.text import sha256
from conversations.tokens import PER_REPLY, count_message


class State(StrEnum):
    SENT = "sent"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Piece:
    """One message that may be sent; `tokens` are those of its text. A draft has no id yet."""

    id: uuid.UUID | None
    role: str
    text: str
    tokens: int

    @property
    def weight(self) -> int:
        """Tokens that it takes in a prompt."""
        return count_message(self.role, self.tokens)


@dataclass(frozen=True)
class Entry:
    piece: Piece
    state: State
    reason: str = ""

    def record(self) -> dict[str, object]:
        """What the ledger keeps: never the text, but what proves it."""
        return {
            "message": str(self.piece.id) if self.piece.id else None,
            "role": self.piece.role,
            "length": len(self.piece.text),
            "sha256": sha256(self.piece.text),
            "tokens": self.piece.weight,
            "state": self.state.value,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Context:
    """`tokens` is the whole prompt's size as estimated."""

    entries: tuple[Entry, ...]
    tokens: int

    @property
    def messages(self) -> tuple[dict[str, str], ...]:
        return tuple(
            {"role": entry.piece.role, "content": entry.piece.text}
            for entry in self.entries
            if entry.state is State.SENT
        )

    @property
    def left_out(self) -> int:
        """Messages left out because there was no room."""
        return sum(entry.reason == OVER_LIMIT for entry in self.entries)

    def record(self) -> list[dict[str, object]]:
        return [entry.record() for entry in self.entries]

    def sha256(self) -> str:
        """Of the canonical JSON of the messages array."""
        return sha256(canonical_json(list(self.messages)))


OVER_LIMIT = "over the limit"
EMPTY = "no text"


def canonical_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fit(system: Piece | None, path: Sequence[Piece], limit: int) -> Context:
    """The context of a path within `limit` prompt tokens.

    Raises DoesNotFit where the system message and the newest exchange alone exceed it.
    """
    exchanges = _exchanges(path)
    weights = [sum(piece.weight for piece in each if piece.text) for each in exchanges]
    used = PER_REPLY + (system.weight if system else 0) + sum(weights[-1:])
    if used > limit:
        over = used - limit
        raise DoesNotFit(f"{over:,} tokens over the model's limit. Shorten it, or change model.")
    kept = max(len(exchanges) - 1, 0)
    while kept and used + weights[kept - 1] <= limit:
        kept -= 1
        used += weights[kept]
    entries = [Entry(system, State.SENT)] if system else []
    for number, exchange in enumerate(exchanges):
        entries += [_entry(piece, is_kept=number >= kept) for piece in exchange]
    return Context(tuple(entries), used)


def _entry(piece: Piece, *, is_kept: bool) -> Entry:
    if not piece.text:
        return Entry(piece, State.LEFT_OUT, EMPTY)
    return Entry(piece, State.SENT) if is_kept else Entry(piece, State.LEFT_OUT, OVER_LIMIT)


def _exchanges(path: Sequence[Piece]) -> list[list[Piece]]:
    exchanges: list[list[Piece]] = []
    for piece in path:
        if piece.role == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(piece)
    return exchanges
