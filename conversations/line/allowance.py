"""How many messages a person may send in a minute: the last minute's moments are kept."""

from collections.abc import Sequence

WINDOW = 60.0  # seconds


def recent(moments: Sequence[float], now: float) -> list[float]:
    """Those of the last minute; a clock that went back makes none of them last longer."""
    return [moment for moment in moments if now - WINDOW < moment <= now]


def seconds_to_wait(moments: Sequence[float], now: float, most: int) -> float:
    """0 where one more may be sent; else how long until then."""
    counted = recent(moments, now)
    if len(counted) < most:
        return 0.0
    return sorted(counted)[-most] + WINDOW - now
