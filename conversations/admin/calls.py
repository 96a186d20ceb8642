"""The ledger's rows of one conversation, in words, and what they add up to."""

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from conversations.errors import words_for
from conversations.models import Completion, Conversation

from .amounts import in_words

# What went into a call and what was left out, as the ledger keeps it.
Record = list[dict[str, Any]]

# A record names every message of its call: on the page of a long conversation they would grow
# with its square. They are shown up to this many entries, as calls times messages.
RECORDS_SHOWN = 5_000


@dataclass(frozen=True)
class Call:
    row: Completion
    record: Record | None

    @property
    def error(self) -> str:
        return words_for(self.row.error, self.row.error_detail) if self.row.error else ""

    @property
    def parameters(self) -> str:
        return as_json(self.row.parameters)

    @property
    def context(self) -> str:
        return as_json(self.record)

    @property
    def context_in_short(self) -> str:
        """12 sent, 3 left out (over the limit)."""
        counted = Counter((entry.get("state"), entry.get("reason")) for entry in self.record or [])
        return ", ".join(
            f"{count} {state} ({reason})" if reason else f"{count} {state}"
            for (state, reason), count in counted.items()
        )


@dataclass(frozen=True)
class ModelTotal:
    """What the calls of one model took; `cost` is None where none of it is known."""

    model: str
    calls: int
    unknown: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal | None

    @property
    def cost_in_words(self) -> str:
        return in_words(self.cost, self.calls, self.unknown)


def records_of(conversation: Conversation, messages: int) -> dict[int, Record]:
    """The records by call, or none where they are too much for one page."""
    if conversation.completions.count() * messages > RECORDS_SHOWN:
        return {}
    return dict(conversation.completions.values_list("pk", "context"))


def calls_without_message(conversation: Conversation, records: dict[int, Record]) -> list[Call]:
    rows = conversation.completions.filter(message=None).defer("context").order_by("pk")
    return [Call(row, records.get(row.pk)) for row in rows]


def totals_of(conversation: Conversation) -> list[ModelTotal]:
    ended = conversation.completions.filter(ended_at__isnull=False).order_by()
    sums = ended.values("model").annotate(
        calls=Count("pk"),
        unknown=Count("pk", filter=Q(cost=None)),
        prompt=Sum("prompt_tokens"),
        output=Sum("completion_tokens"),
        spent=Sum("cost"),
    )
    rows = sums.order_by("model").values_list(
        "model", "calls", "unknown", "prompt", "output", "spent"
    )
    return [ModelTotal(*row) for row in rows]


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
