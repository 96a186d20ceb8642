"""A thread in whole exchanges, and the one loop that makes room.

An exchange is a person's message with every answer that follows it; what stands before the first
person's message is one, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.tokens import PER_REPLY

from .material import Material
from .pieces import BY_PERSON, EMPTY, OVER_LIMIT, Context, Entry, Piece, State

Exchange = list[Piece]


def exchanges_of(path: Sequence[Piece]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for piece in path:
        if piece.role == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(piece)
    return exchanges


@dataclass(frozen=True)
class Older:
    """What becomes of exchanges before the number `first`, whether there is room or not."""

    first: int = 0
    state: State = State.LEFT_OUT
    reason: str = OVER_LIMIT


def weight_of(exchange: Exchange) -> int:
    """Tokens of an exchange, its pinned messages apart: these are sent in any case."""
    return sum(piece.weight for piece in exchange if piece.can_be_sent and not piece.is_pinned)


def make_room(
    material: Material, older: Older | None = None, block: Sequence[Entry] = ()
) -> Context:
    """As much of the thread as fits, the newest first: where one exchange does not, all before it
    are left out.

    `block` follows the system message. What must be sent in any case may exceed the limit: then
    the context says by how much.
    """
    older = older or Older()
    exchanges = exchanges_of(material.path)
    newest = len(exchanges) - 1
    weights = [weight_of(exchange) for exchange in exchanges]
    used = _needed(material, block) + sum(weights[-1:])
    kept = max(newest, 0)
    while kept > older.first and used + weights[kept - 1] <= material.limit:
        kept -= 1
        used += weights[kept]
    entries = [Entry(material.system, State.SENT)] if material.system else []
    entries += block
    for number, exchange in enumerate(exchanges):
        state, reason = State.SENT, ""
        if number < kept:
            is_older = number < older.first
            state = older.state if is_older else State.LEFT_OUT
            reason = older.reason if is_older else OVER_LIMIT
        entries += [_entry(piece, state, reason) for piece in exchange]
    if material.closing:
        entries.append(Entry(material.closing, State.SENT))
    return Context(tuple(entries), used, over=max(used - material.limit, 0))


def whole_weight(material: Material) -> int:
    """Tokens of the prompt if all of the thread were sent."""
    return _needed(material, ()) + thread_weight(material)


def thread_weight(material: Material) -> int:
    """Tokens of all exchanges, what is pinned in them apart."""
    return sum(map(weight_of, exchanges_of(material.path)))


def _needed(material: Material, block: Sequence[Entry]) -> int:
    alone = [material.system, material.closing]
    pinned = [piece for piece in material.path if piece.is_pinned and piece.can_be_sent]
    around = sum(piece.weight for piece in (*alone, *pinned) if piece)
    return PER_REPLY + around + sum(entry.weight for entry in block)


def _entry(piece: Piece, state: State, reason: str) -> Entry:
    if piece.is_excluded:
        return Entry(piece, State.EXCLUDED, BY_PERSON)
    if not piece.text:
        return Entry(piece, State.LEFT_OUT, EMPTY)
    if piece.is_pinned:
        return Entry(piece, State.PINNED)
    return Entry(piece, state, reason)
