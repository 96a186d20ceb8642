"""A conversation as one reads it: exchanges of turns, each with its versions, what it took and what
there is to say about how it ended. The page, the socket and the admin show the same.
"""

from .comparing import Comparison, compare
from .notices import Notice, notice_of
from .turns import Exchange, Turn, exchanges_of, group, turn_of, turns_of, wait_of
from .waiting import Waiting, waiting_of

__all__ = [
    "Comparison",
    "Exchange",
    "Notice",
    "Turn",
    "Waiting",
    "compare",
    "exchanges_of",
    "group",
    "notice_of",
    "turn_of",
    "turns_of",
    "wait_of",
    "waiting_of",
]
