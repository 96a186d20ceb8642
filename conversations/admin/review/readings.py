"""A conversation as a reviewer reads it: the path it shows now, and every other version.

The page goes down the path. Where a turn has other versions, they stand with it, each with all
that follows it, flat and in order: a branch may fork again and again, and boxes within boxes
would read worse than numbers. So every message has a number, in the order in which they were
made, and one that does not answer the message just above it says which one it follows.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from conversations.models import Conversation, Flag, Message, Role
from conversations.review.transcripts import remark_on
from conversations.threads import Tree, tree
from conversations.transcript import Turn, turns_of

from ..calls import Call, ModelTotal, calls_without_message, totals_of


@dataclass(frozen=True)
class Entry:
    """`follows` is the number of the message it answers, where that is not the one above."""

    number: int
    turn: Turn
    calls: list[Call]
    flags: list[Flag]
    follows: int | None = None

    @property
    def notice(self) -> str:
        return remark_on(self.turn.message)


@dataclass(frozen=True)
class Branch:
    """A version that is not shown now, with all that follows it."""

    entries: list[Entry]

    @property
    def first(self) -> Turn:
        return self.entries[0].turn


@dataclass(frozen=True)
class Step:
    """A turn of the path; the last one is empty where something follows the path's end."""

    entry: Entry | None
    others: list[Branch]


@dataclass(frozen=True)
class Reading:
    system: Message | None
    earlier_systems: list[Message]
    steps: list[Step]
    other_calls: list[Call]
    totals: list[ModelTotal]

    @property
    def entries(self) -> list[Entry]:
        """Every message of the tree, in the order in which they were made."""
        shown = (step.entry for step in self.steps if step.entry)
        others = (branch.entries for step in self.steps for branch in step.others)
        return sorted(chain(shown, *others), key=lambda entry: entry.number)


def read(conversation: Conversation, flags: Sequence[Flag] = ()) -> Reading:
    grown = tree(conversation)
    turns = turns_of(conversation, grown, grown.parents)
    systems = list(conversation.messages.filter(role=Role.SYSTEM).in_order())
    current = conversation.system_message_id
    reader = _Reader(grown, {turn.message.pk: turn for turn in turns}, flags)
    return Reading(
        system=next((message for message in systems if message.pk == current), None),
        earlier_systems=[message for message in systems if message.pk != current],
        steps=list(reader.steps(conversation.current_leaf_id)),
        other_calls=calls_without_message(conversation),
        totals=totals_of(conversation),
    )


class _Reader:
    def __init__(self, grown: Tree, turns: dict[uuid.UUID, Turn], flags: Sequence[Flag]) -> None:
        self.grown = grown
        self.turns = turns
        self.flags: dict[uuid.UUID | None, list[Flag]] = defaultdict(list)
        for flag in flags:
            self.flags[flag.message_id].append(flag)
        self.numbers = {node: number for number, node in enumerate(grown.parents, start=1)}

    def steps(self, leaf: uuid.UUID | None) -> Iterator[Step]:
        path = self.grown.path_to(leaf) if leaf in self.grown.parents else []
        above: uuid.UUID | None = None
        for shown in (*path, None):
            versions = self.grown.children.get(above, [])
            others = [self.branch(node, above) for node in versions if node != shown]
            if shown:
                yield Step(self.entry(shown, above), others)
            elif others:
                yield Step(None, others)
            above = shown

    def branch(self, start: uuid.UUID, above: uuid.UUID | None) -> Branch:
        entries = []
        waiting = [start]
        while waiting:
            node = waiting.pop()
            entries.append(self.entry(node, above))
            waiting += reversed(self.grown.children.get(node, []))
            above = node
        return Branch(entries)

    def entry(self, node: uuid.UUID, above: uuid.UUID | None) -> Entry:
        parent = self.grown.parents[node]
        turn = self.turns[node]
        rows = sorted(turn.message.completions.all(), key=lambda row: row.pk)
        return Entry(
            self.numbers[node],
            turn,
            [Call(row) for row in rows],
            self.flags.get(node, []),
            follows=self.numbers[parent] if parent and parent != above else None,
        )
