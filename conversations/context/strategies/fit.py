from conversations.context.exchanges import make_room
from conversations.context.material import Strategy

STRATEGY = Strategy(
    name="fit",
    label="As much as fits",
    explanation="Oldest exchanges are left out once the chat is longer than the model reads.",
    choose=make_room,
    rank=1,
)
