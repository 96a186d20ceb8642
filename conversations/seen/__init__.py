"""What a model saw, and what it would see now: messages with what became of each.

lines   an entry as one reads it, and the array that they make
calls   a call of the ledger: rebuilt from what is stored, verified, in words
drafts  the message being written, by the same code that sends it
"""

from .calls import Attempt, Proof, SeenCall, seen_call, seen_of
from .drafts import seen_draft
from .lines import Line, Seen

__all__ = [
    "Attempt",
    "Line",
    "Proof",
    "Seen",
    "SeenCall",
    "seen_call",
    "seen_draft",
    "seen_of",
]
