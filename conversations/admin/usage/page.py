"""Usage: what was spent, on what and by whom, with the way to every call behind a number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from conversations.models import DayUsage
from conversations.usage import Figures, Selection, by_user, overview, pace, total

from ..export import table_as_csv
from ..periods import PERIODS, days_of
from ..readonly import ReadOnlyAdmin
from . import tables as usage_tables
from .figures import (
    ANSWER,
    CACHED,
    CALLS,
    COST,
    DRIFT,
    ERRORS,
    ESTIMATED,
    PROMPT,
    UNPRICED,
    Links,
    Table,
    address_of,
)
from .selecting import SelectionForm, shown

USERS_A_PAGE = 50
TEMPLATE = "admin/conversations/dayusage/change_list.html"
TILES = (COST, CALLS, PROMPT, ANSWER, CACHED, ERRORS, ESTIMATED, UNPRICED, DRIFT)
TABLES = ("days", "users", "groups", "models", "purposes")


@dataclass(frozen=True)
class Tile:
    name: str
    words: str
    address: str = ""
    note: str = ""
    note_address: str = ""


@admin.register(DayUsage)
class DayUsageAdmin(ReadOnlyAdmin[DayUsage]):
    class Media:
        css = {"all": ["css/admin.css", "css/chart.css", "css/admin_usage.css"]}

    def has_view_permission(self, request: HttpRequest, obj: DayUsage | None = None) -> bool:
        """The page, and none of a single row."""
        return obj is None and super().has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        name = "conversations_dayusage_export"
        return [path("<slug:table>.csv", export, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        form = SelectionForm(request.GET, today)
        selection = form.selection
        links = _links(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Usage",
            "subtitle": _in_words(selection),
            "opts": self.opts,
            "media": self.media,
            "complaints": form.complaints,
            "form": shown(selection, today),
            "periods": _periods(selection, today),
            **_shown(selection, today, links, request.GET.get("p")),
        }
        return TemplateResponse(request, TEMPLATE, context)

    def export(self, request: HttpRequest, table: str) -> HttpResponseBase:
        """One of the tables, whole."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if table not in TABLES:
            return HttpResponseNotFound()
        form = SelectionForm(request.GET, timezone.localdate())
        if not form.is_valid():
            # Everybody's figures in place of what was asked for would be taken for that.
            return _refused(form)
        return table_as_csv(f"usage-{table}", _table(table, form.selection).lines)


def _refused(form: SelectionForm) -> HttpResponse:
    words = "\n".join(form.complaints)
    return HttpResponse(words, status=400, content_type="text/plain; charset=utf-8")


def _links(request: HttpRequest) -> Links:
    return Links(request.user.has_perm("conversations.view_completion"))


def _shown(selection: Selection, today: date, links: Links, number: str | None) -> dict[str, Any]:
    seen = overview(selection)
    days = usage_tables.Days(seen, links)
    meters = usage_tables.meters_of(selection, today)
    people = by_user(selection)
    page: Page[Any] = Paginator(list(people.items()), USERS_A_PAGE).get_page(number)
    tables = [
        days.table(),
        usage_tables.users(selection, dict(page.object_list), links),
        usage_tables.groups(selection, people, links),
        usage_tables.models(seen, links),
        usage_tables.purposes(seen, links),
    ]
    return {
        "tiles": _tiles(seen.total, selection, today, links),
        "budgets": usage_tables.budgets(meters, selection, links),
        "chart": days.chart(meters),
        "tables": tables,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number),
        "query": address_of(selection).partition("?")[2],
    }


def _tiles(figures: Figures, selection: Selection, today: date, links: Links) -> list[Tile]:
    before = selection.before
    earlier = total(before)
    notes = {
        measure.name: (f"{_in_words(before)}: {measure.words(earlier)}", links.calls(before))
        for measure in (COST, CALLS)
    }
    tiles = [
        Tile(
            measure.head,
            measure.words(figures),
            links.calls(selection, **measure.calls) if figures.calls else "",
            *notes.get(measure.name, ()),
        )
        for measure in TILES
    ]
    if not (selection.last >= today.replace(day=1) and selection.first <= today):
        return tiles
    month = pace(selection, today)
    so_far = f"{_in_words(month.month)}: {COST.words(month.so_far)}, and every day like those"
    expected = replace(month.so_far, cost=month.expected)
    at_end = f"Pace to {month.ends:%-d %B}"
    return [
        tiles[0],
        Tile(at_end, COST.words(expected), "", so_far, links.calls(month.month)),
        *tiles[1:],
    ]


def _table(name: str, selection: Selection) -> Table:
    nowhere = Links(is_open=False)
    match name:
        case "users":
            return usage_tables.users(selection, by_user(selection), nowhere)
        case "groups":
            return usage_tables.groups(selection, by_user(selection), nowhere)
    seen = overview(selection)
    if name == "days":
        return usage_tables.Days(seen, nowhere).table()
    return (usage_tables.models if name == "models" else usage_tables.purposes)(seen, nowhere)


def _periods(selection: Selection, today: date) -> list[dict[str, object]]:
    periods = []
    for name, words in PERIODS.items():
        first, last = days_of(name, today)
        is_shown = (first, last) == (selection.first, selection.last)
        chosen = Selection(first, last, *_whose(selection))
        periods.append({"words": words, "address": address_of(chosen), "is_shown": is_shown})
    return periods


def _whose(selection: Selection) -> tuple[int | None, int | None, str, str]:
    return selection.user, selection.group, selection.model, selection.purpose


def _in_words(selection: Selection) -> str:
    """1 to 30 November 2026, with no more of the first day than it takes."""
    first, last = selection.first, selection.last
    end = f"{last:%-d %B %Y}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {end}"
    return f"{first:%-d %B}{'' if first.year == last.year else f' {first.year}'} to {end}"
