"""One's own usage: what it took and what it cost, by day, model and conversation; and budgets."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from conversations import accounting, usage
from conversations.accounting import Meter
from conversations.charts import Chart, Column, stacked
from conversations.models import Conversation, Period, Purpose
from conversations.text import usd
from conversations.usage import Overview, Selection, Span

from .meters import OwnMeter, metered
from .shell import person
from .spent import Row, Took, by_conversation

MONTH, LAST_MONTH, YEAR = "month", "last-month", "year"
PERIODS = {MONTH: "This month", LAST_MONTH: "Last month", YEAR: "Last 12 months"}
MOST_MODELS = 6  # that the chart tells apart
OTHERS = "other models"


@dataclass(frozen=True)
class Table:
    """`of` is what its first column holds."""

    title: str
    of: str
    rows: list[Row]


@dataclass(frozen=True)
class Held:
    """A budget that holds for somebody; of one that they share they see what part is used."""

    meter: OwnMeter
    whose: str
    limit: str
    resets: str


@require_GET
def own_usage(request: HttpRequest) -> HttpResponse:
    user, today = person(request), timezone.localdate()
    wanted = request.GET.get("period", "")
    period = wanted if wanted in PERIODS else MONTH
    selection = Selection(*_days(period, today), user=user.pk)
    found = usage.overview(selection)
    context = {
        "period": PERIODS[period],
        "periods": [(name, words, name == period) for name, words in PERIODS.items()],
        "selection": selection,
        "total": Took.of(found.total),
        "summaries": found.by_purpose().get(Purpose.SUMMARY),
        "tables": _tables(found),
        "chart": _chart(found),
        "budgets": _budgets(user),
        "chat": _came_from(user, request.GET.get("from", "")),
    }
    return render(request, "conversations/usage.html", context)


def _days(period: str, today: date) -> tuple[date, date]:
    """First and last, by the site's calendar."""
    month = Period.MONTH.begin(today)
    before = month - timedelta(days=1)
    if period == LAST_MONTH:
        return Period.MONTH.begin(before), before
    if period == YEAR:
        # This month and the eleven before it.
        return Period.MONTH.reset(month.replace(year=month.year - 1)), today
    return month, today


def _tables(found: Overview) -> list[Table]:
    chats = by_conversation(found.selection)
    models = [Row(name, Took.of(figures)) for name, figures in found.by_model().items()]
    return [_times(found), Table("By model", "Model", models), Table("By chat", "Chat", chats)]


def _times(found: Overview) -> Table:
    """The newest first; days without a call are left out."""
    times: dict[Span, Took] = {}
    spans = usage.spans_of(found.selection)
    for (span, _), figures in found.by_span(spans).items():
        times[span] = times.get(span, Took()) + Took.of(figures)
    rows = [Row(str(span), times[span]) for span in reversed(spans) if span in times]
    of = "Month" if spans[0].is_month else "Day"
    return Table(f"By {of.lower()}", of, rows)


def _chart(found: Overview) -> Chart | None:
    """What each day or month cost, by model; nothing where nothing did."""
    if not found.total.cost:
        return None
    spans = usage.spans_of(found.selection)
    by_time = found.by_span(spans)
    models = [model for model, figures in found.by_model().items() if figures.cost]
    shown = models if len(models) <= MOST_MODELS else models[: MOST_MODELS - 1]
    rest = models[len(shown) :]
    columns = []
    for span in spans:
        costs = [by_time.get((span, model), usage.NONE).cost for model in shown]
        others = (by_time.get((span, model), usage.NONE).cost for model in rest)
        columns.append(Column(str(span), costs + ([sum(others, Decimal(0))] if rest else [])))
    return stacked(columns, [*shown, *([OTHERS] if rest else [])], write=usd)


def _budgets(user: User) -> list[Held]:
    """All that hold for them, their own first."""
    meters = accounting.meters_of(accounting.account_of(user.pk))
    own_first = sorted(meters, key=lambda meter: not meter.is_own)
    return [
        Held(metered(meter), _whose(meter), meter.amount_in_words, meter.reset_in_words)
        for meter in own_first
    ]


def _whose(meter: Meter) -> str:
    """Empty where it is their own."""
    if meter.is_own:
        return ""
    return f"Your group “{meter.budget.group.name}”" if meter.budget.group else "The whole site"


def _came_from(user: User, given: str) -> Conversation | None:
    """The chat that "Back to the chat" leads to; None is a new one."""
    try:
        return Conversation.objects.owned_by(user).filter(pk=uuid.UUID(given)).first()
    except ValueError:
        return None
