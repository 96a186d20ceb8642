from conversations.context.exchanges import Older, exchanges_of, make_room
from conversations.context.material import Material, Number, Strategy
from conversations.context.pieces import Context


def choose(material: Material) -> Context:
    turns = material.numbers["turns"]
    first = max(len(exchanges_of(material.path)) - turns, 0)
    return make_room(material, Older(first, reason=f"before the last {turns} turns"))


STRATEGY = Strategy(
    name="window",
    label="The last turns",
    explanation="Only the newest turns are sent, the message being written included.",
    choose=choose,
    rank=2,
    numbers=(Number("turns", "Turns", default=10, least=1, most=10_000),),
)
