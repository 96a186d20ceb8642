"""What was used: sums of the ledger's roll-ups for a span of days and whoever is chosen.

All of it goes by the site's calendar and counts calls that have ended. A group's usage is that of
the people who are in it now, whenever they joined; a budget counts otherwise (accounting).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, Sum

from conversations.models import DayUsage, Period

NOBODY = 0  # stands for accounts that were deleted, where a person's key would
MOST_DAYS = 92  # that are shown one by one; longer spans go by months
MOST_MODELS = 6  # that a chart tells apart

K = TypeVar("K")


@dataclass(frozen=True)
class Selection:
    """Days, both ends included, and of whom and what; empty is everybody and everything."""

    first: date
    last: date
    user: int | None = None
    group: int | None = None
    model: str = ""
    purpose: str = ""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Selection:
        """As much time before it: of a month, or what has passed of it, the month before."""
        end = self.first - timedelta(days=1)
        begin = self.first - timedelta(days=self.days)
        if self.first.day == 1 and self.last < Period.MONTH.reset(self.first):
            begin = end.replace(day=1)
            if self.last + timedelta(days=1) != Period.MONTH.reset(self.first):
                end = min(end, begin + timedelta(days=self.days - 1))
        return replace(self, first=begin, last=end)

    def rows(self) -> QuerySet[DayUsage]:
        return DayUsage.objects.filter(self.condition()).order_by()

    def condition(self) -> Q:
        found = Q(day__gte=self.first, day__lte=self.last)
        if self.user is not None:
            found &= Q(user=self.user) if self.user != NOBODY else Q(user=None)
        if self.group is not None:
            found &= Q(user__in=get_user_model().objects.filter(groups=self.group))
        if self.model:
            found &= Q(model=self.model)
        return found & Q(purpose=self.purpose) if self.purpose else found


@dataclass(frozen=True)
class Figures:
    """Sums over calls; tokens are whole numbers, `cost` is USD of those whose price is known."""

    calls: int = 0
    failed_calls: int = 0
    estimated_calls: int = 0
    calls_of_unknown_cost: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal = Decimal(0)
    told_estimates: int = 0
    told_prompt_tokens: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    @property
    def known_cost(self) -> Decimal | None:
        """USD; None where there were calls and what none of them cost is known."""
        return None if self.calls and self.calls_of_unknown_cost == self.calls else self.cost

    @property
    def cached_share(self) -> Decimal | None:
        """Of the prompt tokens, from 0 to 1."""
        return _share(self.cached_tokens, self.prompt_tokens)

    @property
    def error_rate(self) -> Decimal | None:
        return _share(self.failed_calls, self.calls)

    @property
    def estimated_share(self) -> Decimal | None:
        return _share(self.estimated_calls, self.calls)

    @property
    def drift(self) -> Decimal | None:
        """How far the estimates of prompts were off what the API told; above 0 is too high."""
        share = _share(self.told_estimates, self.told_prompt_tokens)
        return None if share is None else share - 1


SUMS = tuple(field.name for field in fields(Figures))
NONE = Figures()
_amounts = attrgetter(*SUMS)


@dataclass(frozen=True)
class Overview:
    """The days of a selection by model, and all that adds up from them."""

    selection: Selection
    cells: Mapping[tuple[date, str, str], Figures]

    @property
    def total(self) -> Figures:
        return _sum(self.cells.values())

    def by_model(self) -> dict[str, Figures]:
        """The dearest first; of equal cost, the one with more calls."""
        return dict(sorted(self._by(lambda day, model, purpose: model).items(), key=_dearest))

    def by_purpose(self) -> dict[str, Figures]:
        return dict(sorted(self._by(lambda day, model, purpose: purpose).items(), key=_dearest))

    def by_span(self, spans: Iterable[Span]) -> dict[tuple[Span, str], Figures]:
        """By span and model."""
        of_day = {day: span for span in spans for day in span.each()}
        return self._by(lambda day, model, purpose: (of_day[day], model))

    def _by(self, key: Callable[[date, str, str], K]) -> dict[K, Figures]:
        parts: defaultdict[K, list[Figures]] = defaultdict(list)
        for cell, figures in self.cells.items():
            parts[key(*cell)].append(figures)
        return {name: _sum(figures) for name, figures in parts.items()}


@dataclass(frozen=True)
class Span:
    """A day or a month of a selection, cut off where that ends."""

    first: date
    last: date
    is_month: bool = False

    def each(self) -> Iterator[date]:
        return (
            self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1)
        )

    def __str__(self) -> str:
        return f"{self.first:%b %Y}" if self.is_month else f"{self.first:%-d %b}"


def overview(selection: Selection) -> Overview:
    return Overview(selection, _summed(selection.rows(), "day", "model", "purpose"))


def total(selection: Selection) -> Figures:
    return _figures(selection.rows().aggregate(**_sums()))


def by_user(selection: Selection) -> dict[int, Figures]:
    """By key of the person, NOBODY for deleted accounts; the dearest first."""
    found = _summed(selection.rows(), "user_id")
    return dict(sorted(((key[0] or NOBODY, row) for key, row in found.items()), key=_dearest))


def by_group(selection: Selection, people: Mapping[int, Figures]) -> dict[int, Figures]:
    """By key of the group, from what is by user. Who is in two groups counts in both."""
    members = get_user_model().groups.through.objects.filter(user__in=people)
    if selection.group is not None:
        members = members.filter(group=selection.group)
    parts: defaultdict[int, list[Figures]] = defaultdict(list)
    for group, person in members.values_list("group_id", "user_id"):
        parts[group].append(people[person])
    return dict(sorted(((group, _sum(part)) for group, part in parts.items()), key=_dearest))


def spans_of(selection: Selection) -> list[Span]:
    """Its days, or its months where those would be too many."""
    if selection.days <= MOST_DAYS:
        return [Span(day, day) for day in Span(selection.first, selection.last).each()]
    spans = []
    begin = selection.first
    while begin <= selection.last:
        after = Period.MONTH.reset(begin)
        spans.append(Span(begin, min(after - timedelta(days=1), selection.last), is_month=True))
        begin = after
    return spans


@dataclass(frozen=True)
class Pace:
    """Where the month ends if it goes on like this: `expected` is USD beside the unknown."""

    so_far: Figures
    expected: Decimal
    month: Selection
    ends: date


def pace(selection: Selection, today: date) -> Pace:
    """Of the month that today is in, for whoever is selected: every day like those so far."""
    month = replace(selection, first=today.replace(day=1), last=today)
    ends = Period.MONTH.reset(today) - timedelta(days=1)
    so_far = total(month)
    return Pace(so_far, so_far.cost * ends.day / today.day, month, ends)


def _summed(rows: QuerySet[DayUsage], *names: str) -> dict[tuple[Any, ...], Figures]:
    grouped = rows.values_list(*names).annotate(**_sums())
    width = len(names)
    return {tuple(row[:width]): Figures(*row[width:]) for row in grouped}


def _sums() -> dict[str, Sum]:
    return {f"all_{name}": Sum(name) for name in SUMS}


def _figures(sums: Mapping[str, Any]) -> Figures:
    return Figures(**{name: sums[f"all_{name}"] or getattr(NONE, name) for name in SUMS})


def _sum(figures: Iterable[Figures]) -> Figures:
    columns = zip(*map(_amounts, figures), strict=True)
    sums = [sum(column, type(column[0])(0)) for column in columns]
    return Figures(*sums)


def _dearest(item: tuple[Any, Figures]) -> tuple[Any, ...]:
    key, figures = item
    return -figures.cost, -figures.calls, str(key)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
