"""Which messages go into a request, and the record that proves it afterwards.

Pure: a thread and the numbers of a strategy go in as values, a `Context` comes out. Whatever the
strategy, the system message is first, the newest exchange and pinned messages are sent, excluded
ones are not, and an exchange is never cut in half.

    pieces      what there is and what became of it: Piece, Entry, Context
    material    all that a strategy may choose from
    exchanges   the thread, whole exchanges at a time; the one loop that makes room
    strategies  one a file; a new one is found by being there
    record      the ledger's frozen copy, rebuilt and verified
"""

from .material import Digest, Material, Number, Strategy
from .pieces import Context, Entry, Piece, State, canonical_json
from .record import Rebuilt, rebuild
from .strategies import DEFAULT, STRATEGIES, build, numbers_of, strategy_named

__all__ = [
    "DEFAULT",
    "STRATEGIES",
    "Context",
    "Digest",
    "Entry",
    "Material",
    "Number",
    "Piece",
    "Rebuilt",
    "State",
    "Strategy",
    "build",
    "canonical_json",
    "numbers_of",
    "rebuild",
    "strategy_named",
]
