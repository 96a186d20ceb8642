"""The ledger's rows of one conversation, in words, and what they add up to."""

import json
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from conversations.errors import words_for
from conversations.models import Completion, Conversation

from .amounts import in_words
from .rights import without_words


@dataclass(frozen=True)
class Call:
    """What went into it has a page of its own: a record names every message of its call, and
    together they would grow with the square of a conversation.
    """

    row: Completion

    @property
    def error(self) -> str:
        return words_for(self.row.error, self.row.error_detail) if self.row.error else ""

    @property
    def parameters(self) -> str:
        return as_json(self.row.parameters)

    @property
    def figures(self) -> str:
        """The parameters, for who may not read what a person wrote into them."""
        return as_json(without_words(self.row.parameters))


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


def calls_without_message(conversation: Conversation) -> list[Call]:
    rows = conversation.completions.filter(message=None).defer("context").order_by("pk")
    return [Call(row) for row in rows]


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
