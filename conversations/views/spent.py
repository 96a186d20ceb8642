"""What somebody's calls took, by conversation: summed from the ledger itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, Q, Sum, Value, When
from django.urls import reverse

from conversations.models import Completion
from conversations.usage import Figures, Selection

MOST_CHATS = 50  # that are named, the dearest first
HERE, GONE, NONE = "here", "gone", "none"


@dataclass(frozen=True)
class Took:
    """Sums over calls; `cost` is USD of those whose price is known."""

    calls: int = 0
    estimated_calls: int = 0
    calls_of_unknown_cost: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)

    @classmethod
    def of(cls, figures: Figures) -> Took:
        return cls(*(getattr(figures, each.name) for each in fields(cls)))

    @classmethod
    def summed(cls, row: Mapping[str, Any]) -> Took:
        """From what a query answered; a sum over nothing is nought."""
        nothing = cls()
        names = (each.name for each in fields(cls))
        return cls(*(row.get(f"all_{name}") or getattr(nothing, name) for name in names))

    def __add__(self, other: Took) -> Took:
        return Took(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        )

    def __sub__(self, other: Took) -> Took:
        return Took(
            *(getattr(self, each.name) - getattr(other, each.name) for each in fields(self))
        )


@dataclass(frozen=True)
class Row:
    """A line of a table; `address` is where its name leads."""

    name: str
    took: Took
    address: str = ""


def by_conversation(selection: Selection) -> list[Row]:
    """One's own chats, and in sums what cannot be gone to: together they are the total, but for
    calls that end while this is read.
    """
    calls = Completion.objects.filter(selection.condition(), ended_at__isnull=False).order_by()
    is_here = Q(conversation__owner=selection.user, conversation__deleted_at=None)
    kind = Case(
        When(conversation=None, then=Value(NONE)),
        When(is_here, then=Value(HERE)),
        default=Value(GONE),
        output_field=CharField(),
    )
    chats = [
        Row(
            row["conversation__title"],
            Took.summed(row),
            reverse("conversation", args=[row["conversation_id"]]),
        )
        for row in calls.filter(is_here)
        .values("conversation_id", "conversation__title")
        .annotate(**_sums())
        .order_by("-all_cost", "-all_calls", "conversation_id")[:MOST_CHATS]
    ]
    # After those: what ends in between makes the rest more, and never less than nothing.
    kinds = {
        row["kind"]: row
        for row in calls.annotate(kind=kind)
        .values("kind")
        .annotate(chats=Count("conversation", distinct=True), **_sums())
    }
    here, gone, none = (Took.summed(kinds.get(each, {})) for each in (HERE, GONE, NONE))
    more = kinds.get(HERE, {}).get("chats", 0) - len(chats)
    rest = [
        Row(f"{more:,} more chat{'s' if more > 1 else ''}", _less(here, chats) if more else Took()),
        Row("Deleted chats", gone),
        Row("Calls of no chat", none),
    ]
    return chats + [each for each in rest if each.took != Took()]


def _less(took: Took, rows: list[Row]) -> Took:
    for row in rows:
        took = took - row.took
    return took


def _sums() -> dict[str, Sum | Count]:
    tokens = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")
    return {
        "all_calls": Count("pk"),
        "all_estimated_calls": Count("pk", filter=Q(is_estimated=True)),
        "all_calls_of_unknown_cost": Count("pk", filter=Q(cost=None)),
        **{f"all_{name}": Sum(name) for name in tokens},
    }
