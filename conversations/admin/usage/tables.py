"""Usage by day, user, group, model and purpose, and against the budgets: as tables."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from conversations import accounting
from conversations.accounting import Account, Meter
from conversations.charts import Chart, Column, stacked
from conversations.models import Period, Purpose, Scope
from conversations.text import usd
from conversations.usage import (
    MOST_MODELS,
    NOBODY,
    NONE,
    Figures,
    Overview,
    Selection,
    Span,
    by_group,
    spans_of,
)

from ..amounts import EMPTY
from .figures import (
    COST,
    MEASURES,
    OF_MODELS,
    Cell,
    Links,
    Measure,
    Table,
    head,
    measured,
    named,
)

DELETED = "(deleted accounts)"
OTHER = "other models"
OF_DAYS = MEASURES[1:]  # besides the cost, which each model has a column of


class Days:
    """The days, or months, of a selection: by model, as bars and as rows beside them."""

    def __init__(self, overview: Overview, links: Links) -> None:
        self.selection = overview.selection
        self.links = links
        self.spans = spans_of(self.selection)
        of_models = list(overview.by_model())
        few = len(of_models) <= MOST_MODELS + 1
        self.models = of_models if few else of_models[:MOST_MODELS]
        self.others = [] if few else of_models[MOST_MODELS:]
        self.figures: dict[tuple[Span, str], Figures] = {}
        for (span, model), figures in overview.by_span(self.spans).items():
            key = span, model if model in self.models else OTHER
            self.figures[key] = self.figures.get(key, NONE) + figures
        self.total = overview.total

    @property
    def names(self) -> list[str]:
        return [*self.models, OTHER] if self.others else self.models

    @property
    def is_by_month(self) -> bool:
        return bool(self.spans) and self.spans[0].is_month

    def chart(self, meters: list[Meter]) -> Chart:
        columns = [
            Column(str(span), [self.of(span, name).cost for name in self.names])
            for span in self.spans
        ]
        return stacked(columns, self.names, write=usd, limit=self._limit(meters))

    def _limit(self, meters: list[Meter]) -> Decimal | None:
        """A budget of just what the bars show."""
        if self.selection.model or self.selection.purpose:
            return None
        chosen = (self.selection.user, self.selection.group)
        scopes: tuple[str, ...] = (Scope.SITE,) if chosen == (None, None) else (Scope.GROUP,)
        if self.selection.user is not None:
            scopes = (Scope.EACH, Scope.PERSON) if self.selection.group is None else ()
        period = Period.MONTH if self.is_by_month else Period.DAY
        limits = [
            meter.budget.limit
            for meter in meters
            if meter.budget.scope in scopes and meter.budget.period == period
        ]
        return limits[0] if limits else None

    def of(self, span: Span, name: str) -> Figures:
        return self.figures.get((span, name), NONE)

    def table(self) -> Table:
        models = tuple(Measure(name, name, COST.words, COST.value) for name in self.names)
        shown = [span for span in self.spans if any(self.of(span, n).calls for n in self.names)]
        return Table(
            "days",
            "By month" if self.is_by_month else "By day",
            head(
                "Month" if self.is_by_month else "Day",
                measures=(*models, replace(COST, head="All"), *OF_DAYS),
            ),
            [self._row(span) for span in reversed(shown)],
            note="" if shown else "Nothing was called.",
        )

    def _row(self, span: Span) -> list[Cell]:
        days = replace(self.selection, first=span.first, last=span.last)
        figures = [self.of(span, name) for name in self.names]
        words = f"{span.first:%B %Y}" if span.is_month else f"{span.first:%a %-d %b %Y}"
        cells = [
            Cell(COST.words(one), COST.value(one), self._calls(days, name))
            if one.calls
            else NOTHING
            for name, one in zip(self.names, figures, strict=True)
        ]
        all_of_it = sum(figures, NONE)
        more = measured((COST, *OF_DAYS), all_of_it, days, self.links)
        return [named(words, days, span.first), *cells, *more]

    def _calls(self, days: Selection, name: str) -> str:
        if name == OTHER and self.others:
            return self.links.calls(days, not_model=self.models)
        return self.links.calls(replace(days, model=name))


NOTHING = Cell(EMPTY, 0)


def models(overview: Overview, links: Links) -> Table:
    parts = {
        model: (model, replace(overview.selection, model=model), figures)
        for model, figures in overview.by_model().items()
    }
    note = (
        "“Estimates were off by” compares the prompt tokens that were estimated before each call "
        "with those that the provider told."
    )
    return _parts("models", "Model", parts, links, OF_MODELS, note)


def purposes(overview: Overview, links: Links) -> Table:
    labels = {str(purpose): str(purpose.label) for purpose in Purpose}
    parts = {
        purpose: (
            labels.get(purpose, purpose),
            replace(overview.selection, purpose=purpose),
            figures,
        )
        for purpose, figures in overview.by_purpose().items()
    }
    return _parts("purposes", "Purpose", parts, links)


def users(selection: Selection, found: Mapping[int, Figures], links: Links) -> Table:
    names = get_user_model().objects.in_bulk([key for key in found if key != NOBODY])
    parts = {
        key: (
            names[key].get_username() if key in names else DELETED,
            replace(selection, user=key),
            figures,
        )
        for key, figures in found.items()
    }
    return _parts("users", "User", parts, links)


def groups(selection: Selection, people: Mapping[int, Figures], links: Links) -> Table:
    found = by_group(selection, people)
    names = dict(Group.objects.filter(pk__in=found).values_list("pk", "name"))
    parts = {
        key: (names.get(key, EMPTY), replace(selection, group=key), figures)
        for key, figures in found.items()
    }
    note = (
        "What the people who are in a group now have used. Who is in two groups counts in both; "
        "a budget counts by the groups of the moment of each call."
    )
    return _parts("groups", "Group", parts, links, note=note)


def _parts(
    name: str,
    title: str,
    parts: Mapping[Any, tuple[str, Selection, Figures]],
    links: Links,
    measures: tuple[Measure, ...] = MEASURES,
    note: str = "",
) -> Table:
    rows = [
        [named(words, selection), *measured(measures, figures, selection, links)]
        for words, selection, figures in parts.values()
    ]
    by = f"By {title.lower()}"
    return Table(name, by, head(title, measures=measures), rows, note=note if rows else "None.")


def meters_of(selection: Selection, today: date) -> list[Meter]:
    """The budgets that hold for who is chosen, in the periods that its last day is in."""
    if selection.user == NOBODY:
        return []
    day = min(selection.last, today)
    if selection.user is not None:
        account = accounting.account_of(selection.user, day)
        return accounting.meters_of(account)
    groups = () if selection.group is None else (selection.group,)
    return accounting.meters_of(Account(None, groups, day))


def budgets(meters: list[Meter], selection: Selection, links: Links) -> Table:
    titles = ("Of the budget", "Limit", "Left", "Held back")
    names = [
        *(Cell(name, name.lower(), is_number=False) for name in ("Budget", "Days")),
        *(Cell(name, name.lower()) for name in ("Spent", *titles)),
    ]
    return Table("budgets", "Budgets", names, [_meter(meter, selection, links) for meter in meters])


def _meter(meter: Meter, selection: Selection, links: Links) -> list[Cell]:
    last = meter.resets_on - timedelta(days=1)
    days = f"{meter.begins:%-d %b %Y}" if last == meter.begins else f"{meter.begins:%B %Y}"
    amounts = (meter.limit, meter.left, meter.reserved)
    return [
        Cell(str(meter.budget), str(meter.budget), is_number=False),
        Cell(days, meter.begins, is_number=False),
        Cell(usd(meter.spent), meter.spent, _calls_of(meter, selection, links)),
        Cell(_used(meter), meter.percent),
        *(Cell(usd(amount), amount) for amount in amounts),
    ]


def _used(meter: Meter) -> str:
    is_small = meter.spent and not meter.percent
    return "under 1 %" if is_small else f"{meter.percent:,} %"


def _calls_of(meter: Meter, selection: Selection, links: Links) -> str:
    """What was spent of a budget, whatever model and purpose the page shows."""
    days = Selection(meter.begins, meter.resets_on - timedelta(days=1))
    if meter.budget.group_id:
        return links.calls(days, counted_in=meter.budget.group_id)
    return links.calls(replace(days, user=selection.user) if meter.is_own else days)
