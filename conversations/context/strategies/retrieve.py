"""As much as fits, and of what does not fit the messages that say most about the question."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from conversations.context.exchanges import make_room
from conversations.context.material import Material, Number, Strategy
from conversations.context.pieces import Context, Entry, Piece, State

OPENING = "Earlier messages that may matter here, each as it was written:"
# The part of the room that what is found may take.
SHARE = 4


def choose(material: Material) -> Context:
    """What was found stands in one message after the system message. It takes room from the
    thread, so that the thread is chosen again; what was in it the first time was not looked for,
    and with less room nothing comes in: no message is there twice.
    """
    plain = make_room(material)
    everywhere = bool(material.numbers["found_everywhere"])
    if not (plain.left_out or everywhere):
        return plain
    there = {entry.piece.id for entry in plain.entries if entry.piece.id and entry.is_in_array}
    there |= {piece.id for piece in material.path if piece.id and not piece.can_be_sent}
    found = material.find(there, material.numbers["found_messages"], everywhere)
    block = _block(material, found)
    if not block:
        return plain
    context = make_room(material, block=block)
    if context.over and not plain.over:
        return plain
    return replace(context, entries=_without(context.entries, block))


def _block(material: Material, found: Sequence[Piece]) -> list[Entry]:
    """The best of what was found, as long as there is room, in one message."""
    opening = Entry(
        Piece(None, "system", OPENING, material.count(OPENING)), State.SENT, "what was found"
    )
    room = material.limit // SHARE - opening.weight
    chosen: list[Entry] = []
    for piece in found:
        label = f"\n\n{piece.role}:\n"
        entry = Entry(
            piece,
            State.RETRIEVED,
            "found by search",
            joins=True,
            label=label,
            label_tokens=material.count(label),
        )
        if entry.weight <= room:
            room -= entry.weight
            chosen.append(entry)
    return [opening, *chosen] if chosen else []


def _without(entries: Sequence[Entry], block: Sequence[Entry]) -> tuple[Entry, ...]:
    """What is in the block is not listed as left out as well."""
    found: set[uuid.UUID | None] = {entry.piece.id for entry in block if entry.joins}
    return tuple(entry for entry in entries if entry.joins or entry.piece.id not in found)


STRATEGY = Strategy(
    name="retrieve",
    label="As much as fits, and what matters",
    explanation="Of what does not fit, the messages that say most about your question are found"
    " and sent along.",
    choose=choose,
    rank=4,
    numbers=(
        Number("found_messages", "Messages to find", default=5, least=1, most=50),
        Number("found_everywhere", "Search all of your chats", default=0, least=0, most=1),
    ),
)
