"""Plain text as it comes in and goes on: what may be stored, what may be quoted, how one counts."""

import hashlib
import re
from decimal import ROUND_HALF_UP, Decimal

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNKNOWN_COST = "cost unknown"
CENT = Decimal("0.01")
SMALLEST_PLACES = 4  # decimals of an amount below one dollar
SIGNIFICANT_DIGITS = 2  # that even the tiniest amount keeps

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def storable(text: str) -> str:
    """The text with what no database can hold (NUL, lone surrogates) as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, safe in a log and in a notice."""
    line = _CONTROL.sub(" ", storable(text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th, 1,021st."""
    is_teen = number % 100 in {11, 12, 13}
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def duration(seconds: int) -> str:
    """12 s, 1 min 5 s, 2 min, 1 h 30 min: as countdown.js writes it."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    hours, more = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{hours:,} h {more} min" if more else f"{hours:,} h"


def roughly(seconds: float) -> str:
    """10 minutes, 1 hour, 24 hours, 3 days: the largest unit of which there are two, or one."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = round(seconds / size)
        if count > 1 or (count == 1 and unit != "day"):
            return f"{count:,} {unit}{'s' if count > 1 else ''}"
    count = max(1, round(seconds))
    return f"{count} second{'s' if count > 1 else ''}"


def usd(amount: Decimal | int | None) -> str:
    """$12.50, $0.0010, $0.000045; an unknown amount is said to be unknown, never $0.00."""
    if amount is None or amount == "":
        return UNKNOWN_COST
    exact = Decimal(amount)
    if exact and abs(exact) < 1:
        below_one = rounded(exact, _places_below_one(exact))
        if abs(below_one) < 1:
            return f"${below_one:f}"
    return f"${rounded(exact, 2 if exact else SMALLEST_PLACES):,f}"


def cents(amount: Decimal, rounding: str = ROUND_HALF_UP) -> str:
    """$7.42, $0.40, and $0.00 for just nothing: for sums beside a budget. Less than a cent keeps
    its digits.
    """
    places = _places_below_one(amount) if 0 < amount < CENT else 2
    return f"${amount.quantize(Decimal(1).scaleb(-places), rounding=rounding):,f}"


def _places_below_one(amount: Decimal) -> int:
    return max(SMALLEST_PLACES, SIGNIFICANT_DIGITS - 1 - amount.adjusted())


def rounded(number: Decimal, places: int) -> Decimal:
    """Half away from nought, as people round."""
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
