"""What may be sent, and what became of it."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conversations.text import sha256
from conversations.tokens import count_message


class State(StrEnum):
    SENT = "sent"
    PINNED = "pinned"
    RETRIEVED = "retrieved"
    SUMMARISED = "summarised"
    LEFT_OUT = "left out"
    EXCLUDED = "excluded"
    DOES_NOT_FIT = "does not fit"


# States of what is in the array itself; a summary's own entry is sent, what it stands for is not.
IN_ARRAY = frozenset({State.SENT, State.PINNED, State.RETRIEVED})

OVER_LIMIT = "over the limit"
EMPTY = "no text"
BY_PERSON = "excluded by the person"


@dataclass(frozen=True)
class Piece:
    """One message that may be sent; `tokens` are those of its text.

    A draft and a literal have no id: no message holds their text. `summary` is the stored
    summary that a literal stands for.
    """

    id: uuid.UUID | None
    role: str
    text: str
    tokens: int
    is_pinned: bool = False
    is_excluded: bool = False
    summary: int | None = None

    @property
    def weight(self) -> int:
        """Tokens that it takes in a prompt as a message of its own."""
        return count_message(self.role, self.tokens)

    @property
    def can_be_sent(self) -> bool:
        return bool(self.text) and not self.is_excluded


@dataclass(frozen=True)
class Entry:
    """A piece and what became of it.

    One that `joins` is no message of its own: after `label` its text continues the message of
    the entry before it. `label_tokens` are those of the label.
    """

    piece: Piece
    state: State
    reason: str = ""
    joins: bool = False
    label: str = ""
    label_tokens: int = 0

    @property
    def is_in_array(self) -> bool:
        return self.state in IN_ARRAY

    @property
    def weight(self) -> int:
        """Tokens that it takes, or would have taken, in the prompt."""
        if self.joins:
            return self.label_tokens + self.piece.tokens
        return self.piece.weight

    def record(self) -> dict[str, Any]:
        """What the ledger keeps: of a message never the text, but what proves it."""
        kept: dict[str, Any] = {
            "message": str(self.piece.id) if self.piece.id else None,
            "role": self.piece.role,
            "length": len(self.piece.text),
            "sha256": sha256(self.piece.text),
            "tokens": self.weight,
            "state": self.state.value,
            "reason": self.reason,
        }
        if self.piece.id is None:
            kept["literal"] = self.piece.text
        if self.piece.summary is not None:
            kept["summary"] = self.piece.summary
        if self.joins:
            kept |= {"joins": True, "label": self.label}
        return kept


@dataclass(frozen=True)
class Context:
    """`tokens` is the whole prompt's size as estimated; `over` is by how many it exceeds the
    limit, and then it must not be sent. `note` says in words what the strategy could not do.
    """

    entries: tuple[Entry, ...]
    tokens: int
    over: int = 0
    strategy: str = ""
    note: str = ""

    @property
    def messages(self) -> tuple[dict[str, str], ...]:
        """The array exactly as it is sent."""
        return array_of(
            (entry.piece.role, entry.label + entry.piece.text, entry.joins)
            for entry in self.entries
            if entry.is_in_array
        )

    @property
    def left_out(self) -> int:
        """Messages with text that are not sent as they are, the excluded ones apart."""
        gone = (State.LEFT_OUT, State.SUMMARISED, State.DOES_NOT_FIT)
        return sum(entry.state in gone and bool(entry.piece.text) for entry in self.entries)

    @property
    def ends_at(self) -> uuid.UUID | None:
        """The newest message of the thread that the model does not see any more: what is above
        it may be pinned or found again. None where it sees all of the thread.
        """
        gone = (State.LEFT_OUT, State.SUMMARISED)
        unseen = (
            entry.piece.id
            for entry in reversed(self.entries)
            if entry.state in gone and entry.reason != EMPTY
        )
        return next(unseen, None)

    def record(self) -> list[dict[str, Any]]:
        return [entry.record() for entry in self.entries]

    def sha256(self) -> str:
        """Of the canonical JSON of the messages array."""
        return sha256(canonical_json(list(self.messages)))


def array_of(parts: Iterable[tuple[str, str, bool]]) -> tuple[dict[str, str], ...]:
    """Messages from (role, text, joins): a part that joins goes on with the one before it."""
    messages: list[tuple[str, list[str]]] = []
    for role, text, joins in parts:
        if joins and messages:
            messages[-1][1].append(text)
        else:
            messages.append((role, [text]))
    return tuple({"role": role, "content": "".join(texts)} for role, texts in messages)


def canonical_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
