"""What was said long ago, in the model's own words.

Past a mark the older half of the thread is summarised, so that a summary serves many turns: until
the rest has grown past the mark again. Then it is extended, not written anew.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from conversations.context.exchanges import (
    Exchange,
    Older,
    exchanges_of,
    make_room,
    thread_weight,
    weight_of,
    whole_weight,
)
from conversations.context.material import Digest, Material, Number, Strategy
from conversations.context.pieces import Context, Entry, Piece, State

OPENING = "Here's what was discussed:"
REASON = "in the summary"


@dataclass(frozen=True)
class Wanted:
    """A summary that does not exist yet: of `pieces`, after what `previous` covers."""

    pieces: Sequence[Piece]
    previous: Digest | None

    @property
    def through(self) -> uuid.UUID:
        """The last message that it covers."""
        return [piece.id for piece in self.pieces if piece.id][-1]


def choose(material: Material) -> Context:
    plain = make_room(material)
    if thread_weight(material) <= _mark(material):
        return plain
    digest, covered = _best(material)
    if digest is None:
        return plain
    text = f"{OPENING}\n\n{digest.text}"
    piece = Piece(None, "system", text, material.count(text), summary=digest.id)
    block = [Entry(piece, State.SENT, "the summary")]
    context = make_room(material, Older(covered, State.SUMMARISED, REASON), block)
    return plain if context.over and not plain.over else context


def wanted(material: Material, share: float = 1.0) -> Wanted | None:
    """What should be summarised once the rest of the thread has passed this share of the mark."""
    mark = _mark(material)
    if thread_weight(material) <= mark * share:
        return None
    digest, covered = _best(material)
    exchanges = exchanges_of(material.path)
    weights = [weight_of(exchange) for exchange in exchanges]
    rest = sum(weights[covered:])
    if rest <= mark * share:
        return None
    end = covered
    while end < len(exchanges) - 1 and rest > mark // 2:
        rest -= weights[end]
        end += 1
    pieces = [piece for each in exchanges[covered:end] for piece in each if piece.can_be_sent]
    return Wanted(pieces, digest) if any(piece.id for piece in pieces) else None


def _mark(material: Material) -> int:
    """Tokens of the thread past which a summary is wanted: as chosen, else three quarters of what
    is left beside all that is sent in any case.
    """
    beside = whole_weight(material) - thread_weight(material)
    room = max(material.limit - beside, 0) * 3 // 4
    return min(material.numbers["summary_tokens"] or room, room)


def _best(material: Material) -> tuple[Digest | None, int]:
    """The summary that covers most of this path, and how many exchanges it covers.

    One that ends in the middle of an exchange would cut it in half: on this path it is none.
    """
    ends = _ends(exchanges_of(material.path))
    known = [each for each in material.digests() if each.through in ends]
    best = max(known, key=lambda each: (ends[each.through], each.id), default=None)
    return best, ends[best.through] if best else 0


def _ends(exchanges: Sequence[Exchange]) -> dict[uuid.UUID, int]:
    """The number of exchanges through the last message of each that can be sent."""
    ends: dict[uuid.UUID, int] = {}
    for number, exchange in enumerate(exchanges, start=1):
        last = next((piece.id for piece in reversed(exchange) if piece.can_be_sent), None)
        if last:
            ends[last] = number
    return ends


STRATEGY = Strategy(
    name="summary",
    label="A summary of what is older",
    explanation="The model writes a summary of the older half, which is sent in its place. Writing"
    " it costs a call.",
    choose=choose,
    rank=3,
    numbers=(
        Number(
            "summary_tokens",
            "Summarise past",
            default=0,
            least=0,
            most=10_000_000,
            explanation="Tokens of the chat. 0: three quarters of what the model reads.",
        ),
    ),
)
