"""An entry of a context as one reads it, and the array that they make."""

import json
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from conversations.context import STRATEGIES, State
from conversations.context.pieces import IN_ARRAY
from conversations.models import Summary

WHO = {"system": "System message", "user": "User", "assistant": "Assistant"}
SUMMARY = "Summary"
FOUND = "Found by search"
INSTRUCTION = "Instruction of this app"

_WORDS = {
    State.SENT: "Sent",
    State.PINNED: "Sent: pinned",
    State.RETRIEVED: "Sent",
    State.SUMMARISED: "Left out: in the summary",
    State.EXCLUDED: "Excluded",
}

# What is shown of a text at first: up to so many lines, and the characters that fill them.
LINES_SHOWN = 4
CHARACTERS_SHOWN = 320


@dataclass(frozen=True)
class Summarised:
    """Where the call is found that wrote a summary."""

    conversation: uuid.UUID
    call: int


@dataclass(frozen=True)
class Line:
    """One entry. `problem` says why its text is not there, or is not the one that was sent."""

    number: int
    who: str
    state: State
    tokens: int
    text: str | None
    reason: str = ""
    label: str = ""
    problem: str = ""
    summarised: Summarised | None = None

    @property
    def is_sent(self) -> bool:
        return self.state in IN_ARRAY

    @property
    def words(self) -> str:
        """What became of it, and why."""
        if self.state in _WORDS:
            return _WORDS[self.state]
        state = self.state.value.capitalize()
        return f"{state}: {self.reason}" if self.reason else state

    @property
    def is_long(self) -> bool:
        text = self.text or ""
        return len(text) > CHARACTERS_SHOWN or text.count("\n") >= LINES_SHOWN


@dataclass(frozen=True)
class Seen:
    """`tokens` is the prompt's size as estimated; `body` is the JSON that can be sent as it is,
    empty where it cannot be had whole.
    """

    lines: Sequence[Line]
    tokens: int
    strategy: str
    note: str
    parameters: Sequence[tuple[str, str]]
    body: str

    @property
    def in_short(self) -> str:
        """12 sent, 2 retrieved, 3 left out: what was retrieved is within a message that is sent."""
        states = (State.SENT if line.state is State.PINNED else line.state for line in self.lines)
        counted = Counter(states)
        return ", ".join(f"{count:,} {_many(state, count)}" for state, count in counted.items())


def _many(state: State, count: int) -> str:
    return "do not fit" if state == State.DOES_NOT_FIT and count > 1 else state.value


def who(role: str, *, is_stored: bool, joins: bool, summary: int | None) -> str:
    if summary is not None:
        return SUMMARY
    if joins:
        return FOUND
    return WHO.get(role, role) if is_stored else INSTRUCTION


def strategy_label(name: str) -> str:
    """Of one that is not there any more its name is all that is known."""
    strategy = STRATEGIES.get(name)
    return strategy.label if strategy else name


def parameters_of(body: Mapping[str, object]) -> list[tuple[str, str]]:
    """All that is sent beside the messages; the model has a place of its own."""
    return [
        (name, json.dumps(value, ensure_ascii=False))
        for name, value in body.items()
        if name not in ("model", "messages")
    ]


def as_body(parameters: Mapping[str, object], messages: Sequence[Mapping[str, str]]) -> str:
    """Parameters and messages as one request, the model first."""
    body = {"model": parameters.get("model"), "messages": list(messages)}
    return json.dumps(body | dict(parameters), ensure_ascii=False, indent=2)


def summarised(ids: Collection[int], owner: int | None) -> dict[int, Summarised]:
    """The calls that wrote these summaries, where their conversation is still there."""
    if not ids:
        return {}
    known = Summary.objects.filter(
        pk__in=ids, conversation__owner_id=owner, conversation__deleted_at=None, call__isnull=False
    )
    rows = known.values_list("pk", "conversation_id", "call_id")
    return {pk: Summarised(conversation, call) for pk, conversation, call in rows if call}
