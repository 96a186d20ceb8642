"""The ledger's frozen copy of a context, made readable again and verified."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.text import sha256

from .pieces import IN_ARRAY, State, array_of, canonical_json

# What a record may say of a message that cannot be shown as it was sent.
DELETED = "deleted since"
MISSING = "not there any more"
CHANGED = "changed since"

# A record that was tampered with can be looked at like any other.
_BLANK = {"role": "", "length": 0, "sha256": "", "tokens": 0, "state": "", "reason": ""}


@dataclass(frozen=True)
class Kept:
    """One entry of a record with the text that was sent, or what is wrong with it.

    Of one that was changed since, `text` is what stands there now.
    """

    message: uuid.UUID | None
    role: str
    length: int
    tokens: int
    state: State
    reason: str
    text: str | None
    problem: str = ""
    joins: bool = False
    label: str = ""
    summary: int | None = None

    @property
    def is_in_array(self) -> bool:
        return self.state in IN_ARRAY


@dataclass(frozen=True)
class Stored:
    """A message's text as it is now; deleted ones are not shown, though they still prove."""

    text: str
    is_deleted: bool = False


@dataclass(frozen=True)
class Rebuilt:
    """`messages` is the array that was sent, None where it cannot be shown whole. `is_proved` says
    that what is stored makes the very array whose hash the ledger holds; `is_broken`, that it
    makes another one. Where a part of it is gone neither can be said.
    """

    entries: tuple[Kept, ...]
    messages: tuple[dict[str, str], ...] | None
    is_proved: bool
    is_broken: bool


def messages_in(record: Iterable[Mapping[str, Any]]) -> set[uuid.UUID]:
    """The ids of the messages that a record names."""
    return {uuid.UUID(entry["message"]) for entry in record if entry.get("message")}


def rebuild(
    record: Sequence[Mapping[str, Any]], digest: str, stored: Mapping[uuid.UUID, Stored]
) -> Rebuilt:
    """A record with the texts of its messages, checked against the hashes of the moment of
    sending: each text, cut to the length it had then, and the whole array.
    """
    entries = tuple(_kept(_BLANK | dict(entry), stored) for entry in record)
    sent = [entry for entry in entries if entry.is_in_array]
    texts = [_proving(entry, stored) for entry in sent]
    messages = array_of(
        (entry.role, entry.label + (text or ""), entry.joins)
        for entry, text in zip(sent, texts, strict=True)
    )
    is_whole = None not in texts
    is_proved = is_whole and sha256(canonical_json(list(messages))) == digest
    is_changed = any(entry.problem == CHANGED for entry in sent)
    is_shown = is_proved and all(entry.text is not None for entry in sent)
    return Rebuilt(
        entries,
        messages if is_shown else None,
        is_proved,
        is_broken=is_changed or (is_whole and not is_proved),
    )


def _kept(entry: Mapping[str, Any], stored: Mapping[uuid.UUID, Stored]) -> Kept:
    message = uuid.UUID(entry["message"]) if entry.get("message") else None
    text, problem = _found(entry, _now(entry, message, stored))
    return Kept(
        message=message,
        role=entry["role"],
        length=entry["length"],
        tokens=entry["tokens"],
        state=State(entry["state"]) if entry["state"] in list(State) else State.LEFT_OUT,
        reason=entry["reason"],
        text=text,
        problem=problem,
        joins=entry.get("joins", False),
        label=entry.get("label", ""),
        summary=entry.get("summary"),
    )


def _now(
    entry: Mapping[str, Any], message: uuid.UUID | None, stored: Mapping[uuid.UUID, Stored]
) -> Stored | None:
    """A literal is stored in the record itself."""
    if message is not None:
        return stored.get(message)
    return Stored(entry["literal"]) if "literal" in entry else None


def _found(entry: Mapping[str, Any], now: Stored | None) -> tuple[str | None, str]:
    if now is None:
        return None, MISSING
    if entry["length"] and not now.text:  # erased
        return None, DELETED if now.is_deleted else MISSING
    text = now.text[: entry["length"]]
    problem = "" if sha256(text) == entry["sha256"] else CHANGED
    if now.is_deleted:
        return None, problem or DELETED
    return text, problem


def _proving(entry: Kept, stored: Mapping[uuid.UUID, Stored]) -> str | None:
    """Its text for the proof: of a deleted message, too, as long as it is stored."""
    if entry.text is not None or entry.message is None or entry.problem == MISSING:
        return entry.text
    return stored[entry.message].text[: entry.length] or None
