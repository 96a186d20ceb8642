"""Numbers as the page writes them: money, tokens and time, for people."""

import re
import time
from collections.abc import Mapping
from decimal import Decimal

from django import template

from conversations.models import REVIEW_NOTICE, SiteText
from conversations.text import cents, rounded, usd

register = template.Library()
register.filter(cents)
register.filter(usd)

# What a countdown takes the place of, as conversations.text.duration writes it.
_MOMENT = re.compile(r"in \d[\d,]* (?:h|min|s)\b(?: \d+ (?:min|s)\b)?|any moment now")


@register.filter
def thousands(number: int | None) -> str:
    return f"{number:,}" if isinstance(number, int) else ""


@register.filter
def article(number: int) -> str:
    """a 1,200-token limit, but an 800-token one: as the number is read aloud."""
    leading = f"{number:,}".split(",")[0]
    return "an" if leading[0] == "8" or leading in {"11", "18"} else "a"


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
    tenths = rounded(Decimal(milliseconds) / 1000, 1)
    if tenths < 60:
        return f"{tenths} s"
    minutes, rest = divmod(int(rounded(tenths, 0)), 60)
    return f"{minutes} min {rest} s"


@register.filter
def waited(since: float | None) -> str:
    """Whole seconds since a moment, by this machine's clock: a browser's may be wrong."""
    return "" if since is None else str(max(0, int(time.time() - since)))


@register.simple_tag
def review_notice() -> str:
    """What everybody is told of reviews: staff's words, or the default ones."""
    said = SiteText.objects.order_by("pk").values_list("review_notice", flat=True).first()
    return (said or "").strip() or REVIEW_NOTICE


@register.inclusion_tag("conversations/_counted.html")
def counted(words: str, seconds: int | None) -> Mapping[str, object]:
    """Words whose "in 12 s" the page counts down, where there is something to count."""
    moment = None if seconds is None else _MOMENT.search(words)
    if moment is None:
        return {"before": words}
    before, after = words[: moment.start()], words[moment.end() :]
    return {"before": before, "moment": moment[0], "after": after, "seconds": seconds}


def _short(number: Decimal) -> Decimal:
    """One decimal below ten, none from there."""
    tenths = rounded(number, 1)
    return tenths if tenths < 10 else rounded(number, 0)
