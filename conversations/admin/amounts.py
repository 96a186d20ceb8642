"""Money and numbers as the admin writes them: exact, without an exponent or idle zeros."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import Model

from conversations.templatetags.chat import thousands
from conversations.text import usd

EMPTY = "-"  # what Django's own columns show for nothing


def plain(usd: Decimal | None) -> str:
    """0.25 for 0.250000000000 and 0.0000001 for 1E-7; unknown is empty."""
    if usd is None:
        return ""
    written = f"{usd:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def in_words(cost: Decimal | None, calls: int, unknown: int) -> str:
    """A sum over calls: $0.0010, or "$0.0010 + 1 unknown" where some cannot be priced."""
    if unknown and unknown == calls:
        return usd(None)
    return f"{usd(cost)} + {unknown:,} unknown" if unknown else usd(cost)


def exact(column: str, words: str = "") -> Callable[[Any], str]:
    """A column of exact USD, for a list and for a read-only field."""

    @admin.display(description=words or column.replace("_", " "), ordering=column)
    def amount(row: Model) -> str:
        return plain(getattr(row, column)) or EMPTY

    return amount


def count(column: str, words: str = "") -> Callable[[Any], str]:
    """A column of whole numbers, tokens mostly."""

    @admin.display(description=words or column.replace("_", " "), ordering=column)
    def count(row: Model) -> str:
        return thousands(getattr(row, column)) or EMPTY

    return count


class UsdInput(AdminTextInputWidget):
    """A field of text: a number's arrows would step by a picodollar."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off"})

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, Decimal):
            return plain(value)
        return super().format_value(value)
