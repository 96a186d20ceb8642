"""All or nothing: a thread that does not fit is not sent at all."""

from dataclasses import replace

from conversations.context.exchanges import make_room, whole_weight
from conversations.context.material import Material, Strategy
from conversations.context.pieces import OVER_LIMIT, Context, State


def choose(material: Material) -> Context:
    context = make_room(material)
    tokens = whole_weight(material)
    entries = tuple(
        replace(entry, state=State.DOES_NOT_FIT) if entry.reason == OVER_LIMIT else entry
        for entry in context.entries
    )
    return replace(context, entries=entries, tokens=tokens, over=max(tokens - material.limit, 0))


STRATEGY = Strategy(
    name="everything",
    label="Everything or nothing",
    explanation="Nothing is ever left out. A chat that is too long is not sent.",
    choose=choose,
    rank=5,
    bends=False,
)
