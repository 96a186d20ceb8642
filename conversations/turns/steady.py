"""Whether the database has been there for this process all the time, of late.

Beats live in the database. While it is away nobody can beat, and when it is back every running
answer looks dead for a moment. Whoever has not seen the database for longer than usual takes
nothing over before all runners have had the time to beat again.
"""

import math
import time

from django.conf import settings

# Seconds between two looks that a busy machine may need; less than this is never called late.
BUSY_SECONDS = 2.5
# So many beats may every runner take to be heard of again, and as long to find its connection:
# a pool tries every second or two (`reconnect_timeout` in the settings), on a machine that is busy.
BEATS, RECONNECT_SECONDS = 2, 4

_looked = math.inf  # nobody sweeps yet: nothing can come late
_rests_until = -math.inf


def longest_gap() -> float:
    """A look that comes after more seconds than this comes late.

    In what is shorter no beat gets old enough to be taken for dead, though it was due just when
    the gap began and its runner finds the database again a little later than the sweeps: as long
    as TAKEOVER_SECONDS is at least BEAT_SECONDS and 5.
    """
    spare = settings.TAKEOVER_SECONDS - settings.BEAT_SECONDS - RECONNECT_SECONDS
    return max(min(settings.TAKEOVER_SECONDS / 2, spare), BUSY_SECONDS)


def pace() -> float:
    """How often each process looks for answers that nobody writes any more, in seconds."""
    return longest_gap() / 2


def begin() -> None:
    """From now on this process looks regularly."""
    global _looked
    _looked = time.monotonic()


def is_steady_at_look() -> bool:
    """Call this when the database has just answered: may what looks dead be believed to be?"""
    global _looked, _rests_until
    now = time.monotonic()
    if now - _looked > longest_gap():
        _rests_until = now + BEATS * settings.BEAT_SECONDS + RECONNECT_SECONDS
    if _looked < math.inf:
        _looked = now
    return now >= _rests_until
