"""The line before the provider: who may call next, who waits, why and for how long.

decide      who goes and who waits, from figures alone: a pure function
retrying    whether and when a failed call is made again
circuit     what failed calls in a row mean for all the others
allowance   messages of a person in a minute
situation   what counts: calls under way, the last minute, the provider's limits
rows        who stands in line, by the database
store       the line by the database, under the gate's lock
outcomes    what an admission, a failed call and a good one mean for it
"""

from .outcomes import enter, note_failure, note_limits, note_success
from .retrying import Policy, wait_before_retry
from .store import (
    Look,
    Taken,
    abandon,
    adopt,
    beat,
    is_idle,
    survey,
    take,
    try_now,
    wait_of,
)
from .waits import Reason, Wait

__all__ = [
    "Look",
    "Policy",
    "Reason",
    "Taken",
    "Wait",
    "abandon",
    "adopt",
    "beat",
    "enter",
    "is_idle",
    "note_failure",
    "note_limits",
    "note_success",
    "survey",
    "take",
    "try_now",
    "wait_before_retry",
    "wait_of",
]
