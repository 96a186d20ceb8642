"""What tables of usage are made of: every number with the address of the calls behind it.

A table is one value for the page and for the file: a cell has its words and, beside them, what a
spreadsheet is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from conversations.usage import Figures, Selection

from ..amounts import EMPTY, in_words

LEDGER = "admin:conversations_completion_changelist"
USAGE = "admin:conversations_dayusage_changelist"
ENDED = {"state": "ended"}


@dataclass(frozen=True)
class Cell:
    words: str
    value: object
    address: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    head: list[Cell]
    rows: list[list[Cell]]
    foot: list[Cell] = field(default_factory=list)
    note: str = ""

    @property
    def lines(self) -> list[list[object]]:
        """As a file has it."""
        return [[cell.value for cell in row] for row in (self.head, *self.rows)]


@dataclass(frozen=True)
class Measure:
    """A column: what it says of some figures, and which of their calls that is taken from."""

    head: str
    name: str
    words: Callable[[Figures], str]
    value: Callable[[Figures], object]
    calls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Links:
    """Where numbers lead; to nowhere for staff who may not see the ledger."""

    is_open: bool

    def calls(self, selection: Selection, **more: Any) -> str:
        if not self.is_open:
            return ""
        days = {"day__gte": selection.first.isoformat(), "day__lte": selection.last.isoformat()}
        whose = {"user": selection.user, "group": selection.group}
        what = {"model": selection.model or None, "purpose__exact": selection.purpose or None}
        asked = {**days, **whose, **what, **ENDED, **more}
        return f"{reverse(LEDGER)}?{urlencode(_given(asked), doseq=True)}"


def address_of(selection: Selection, **more: Any) -> str:
    """The page of usage for a selection."""
    names = ("first", "last", "user", "group", "model", "purpose")
    asked = {name: getattr(selection, name) for name in names} | more
    return f"{reverse(USAGE)}?{urlencode(_given(asked), doseq=True)}"


def percent(share: Decimal | None, sign: str = "") -> str:
    if share is None:
        return EMPTY
    tenths = f"{share * 100:{sign}.1f}"
    is_small = bool(share) and not tenths.strip("+-0.")
    return "under 0.1 %" if is_small else f"{tenths} %"


def _counted(part: int, share: Decimal | None) -> str:
    return f"{part:,} ({percent(share)})" if part else "0"


COST = Measure(
    "Cost",
    "cost_usd",
    lambda sums: in_words(sums.cost, sums.calls, sums.calls_of_unknown_cost),
    lambda sums: sums.known_cost,
)
CALLS = Measure("Calls", "calls", lambda sums: f"{sums.calls:,}", lambda sums: sums.calls)
PROMPT = Measure(
    "Prompt tokens",
    "prompt_tokens",
    lambda sums: f"{sums.prompt_tokens:,}",
    lambda sums: sums.prompt_tokens,
)
ANSWER = Measure(
    "Completion tokens",
    "completion_tokens",
    lambda sums: f"{sums.completion_tokens:,}",
    lambda sums: sums.completion_tokens,
)
CACHED = Measure(
    "Cached",
    "cached_tokens",
    lambda sums: percent(sums.cached_share),
    lambda sums: sums.cached_tokens,
    {"tokens": "cached"},
)
ERRORS = Measure(
    "Errors",
    "failed_calls",
    lambda sums: _counted(sums.failed_calls, sums.error_rate),
    lambda sums: sums.failed_calls,
    {"error": "any"},
)
ESTIMATED = Measure(
    "Estimated usage",
    "estimated_calls",
    lambda sums: _counted(sums.estimated_calls, sums.estimated_share),
    lambda sums: sums.estimated_calls,
    {"is_estimated__exact": "1"},
)
DRIFT = Measure(
    "Estimates were off by",
    "estimate_drift",
    lambda sums: percent(sums.drift, "+"),
    lambda sums: sums.drift if sums.drift is None else round(sums.drift, 6),
    {"tokens": "told"},
)
UNPRICED = Measure(
    "Without a price",
    "calls_of_unknown_cost",
    lambda sums: f"{sums.calls_of_unknown_cost:,}",
    lambda sums: sums.calls_of_unknown_cost,
    {"priced": "no"},
)
MEASURES = (COST, CALLS, PROMPT, ANSWER, CACHED, ERRORS, ESTIMATED, UNPRICED)
OF_MODELS = (*MEASURES, DRIFT)


def measured(
    measures: tuple[Measure, ...], figures: Figures, selection: Selection, links: Links
) -> list[Cell]:
    return [
        Cell(
            measure.words(figures),
            measure.value(figures),
            links.calls(selection, **measure.calls) if figures.calls else "",
        )
        for measure in measures
    ]


def head(*names: str, measures: tuple[Measure, ...]) -> list[Cell]:
    named = [Cell(name, name.lower(), is_number=False) for name in names]
    return named + [Cell(measure.head, measure.name) for measure in measures]


def named(name: str, selection: Selection, value: object = None) -> Cell:
    """The first cell of a row: it leads to the same page for just this."""
    return Cell(name, name if value is None else value, address_of(selection), is_number=False)


def _given(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value not in (None, "")}
