"""Numbers as the page writes them: money, tokens and time, for people."""

import re
import time
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from django import template

register = template.Library()

UNKNOWN_COST = "cost unknown"
SMALLEST_PLACES = 4  # decimals of an amount below one dollar
SIGNIFICANT_DIGITS = 2  # that even the tiniest amount keeps

# What a countdown takes the place of, as conversations.text.duration writes it.
_MOMENT = re.compile(r"in \d[\d,]* (?:h|min|s)\b(?: \d+ (?:min|s)\b)?|any moment now")


@register.filter
def usd(amount: Decimal | int | None) -> str:
    """$12.50, $0.0010, $0.000045; an unknown amount is said to be unknown, never $0.00."""
    if amount is None or amount == "":
        return UNKNOWN_COST
    exact = Decimal(amount)
    if exact and abs(exact) < 1:
        places = max(SMALLEST_PLACES, SIGNIFICANT_DIGITS - 1 - exact.adjusted())
        below_one = _rounded(exact, places)
        if abs(below_one) < 1:
            return f"${below_one:f}"
    return f"${_rounded(exact, 2 if exact else SMALLEST_PLACES):,f}"


@register.filter
def thousands(number: int | None) -> str:
    return f"{number:,}" if isinstance(number, int) else ""


@register.filter
def compact(number: int | None) -> str:
    """640, 6.1k, 128k, 1M."""
    if not isinstance(number, int):
        return ""
    scaled, unit = Decimal(number), ""
    for larger in ("k", "M", "B"):
        if _short(scaled) < 1000:
            break
        scaled, unit = scaled / 1000, larger
    return f"{_short(scaled):f}".removesuffix(".0") + unit if unit else str(number)


@register.filter
def seconds(milliseconds: int | None) -> str:
    """4.2 s; from a minute on, 1 min 12 s."""
    if not isinstance(milliseconds, int):
        return ""
    tenths = _rounded(Decimal(milliseconds) / 1000, 1)
    if tenths < 60:
        return f"{tenths} s"
    minutes, rest = divmod(int(_rounded(tenths, 0)), 60)
    return f"{minutes} min {rest} s"


@register.filter
def waited(since: float | None) -> str:
    """Whole seconds since a moment, by this machine's clock: a browser's may be wrong."""
    return "" if since is None else str(max(0, int(time.time() - since)))


@register.inclusion_tag("conversations/_counted.html")
def counted(words: str, seconds: int | None) -> Mapping[str, object]:
    """Words whose "in 12 s" the page counts down, where there is something to count."""
    moment = None if seconds is None else _MOMENT.search(words)
    if moment is None:
        return {"before": words}
    before, after = words[: moment.start()], words[moment.end() :]
    return {"before": before, "moment": moment[0], "after": after, "seconds": seconds}


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _short(number: Decimal) -> Decimal:
    """One decimal below ten, none from there."""
    tenths = _rounded(number, 1)
    return tenths if tenths < 10 else _rounded(number, 0)
