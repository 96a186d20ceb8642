"""Budgets: how much may be spent, and how much of it is by now.

Whose a budget is stands still once it is made, so that its history and its overrides are always
about the same thing; another one is another budget.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from conversations import accounting
from conversations.accounting import Crowd, Meter
from conversations.models import Budget, Period, UsdField
from conversations.templatetags.chat import thousands
from conversations.text import usd

from ..amounts import EMPTY, UsdInput, plain
from ..readonly import ModelAdmin
from . import allowing
from .forms import BudgetForm


class BudgetList(ChangeList):
    """With what is spent of each, asked once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        meters = accounting.meters_now(self.result_list)
        for budget in self.result_list:
            budget.meter = meters.get(budget.pk)
            # At most two: one a day, one a month.
            budget.crowd = None if budget.meter else accounting.crowd_of(budget)


def amount_of(words: str, read: Callable[[Meter], Decimal]) -> Callable[[Any], str]:
    """A column of what the meter says; a budget for each person has many meters, so none here."""

    @admin.display(description=words)
    def amount(budget: Any) -> str:
        return usd(read(budget.meter)) if budget.meter else EMPTY

    return amount


@admin.register(Budget)
class BudgetAdmin(ModelAdmin[Budget]):
    form = BudgetForm
    formfield_overrides = {UsdField: {"widget": UsdInput}}
    list_display = (
        *("shown_whose", "period", "amount"),
        amount_of("spent", lambda meter: meter.spent),
        amount_of("held back", lambda meter: meter.reserved),
        amount_of("left", lambda meter: meter.left),
        *("state", "resets_on"),
    )
    list_filter = ("scope", "period")
    list_select_related = ("person", "group")
    search_fields = ("person__username", "group__name")
    show_full_result_count = False
    show_facets = admin.ShowFacets.ALLOW

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BudgetList

    def get_urls(self) -> list[URLPattern]:
        return [*allowing.urls(self), *super().get_urls()]

    # --- the form ----------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        return ("scope", "person", "group", "period", "now", "resets_on") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("scope", "person", "group", "period", "limit")}),)
        subject = [name for name in ("person", "group") if getattr(obj, name)]
        return (
            (None, {"fields": ("scope", *subject, "period", "limit")}),
            ("In the period that runs now", {"fields": ("now", "resets_on")}),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        for name, right in (("may_allow", "add"), ("sees_overrides", "view")):
            context[name] = request.user.has_perm(f"conversations.{right}_budgetoverride")
        return super().render_change_form(request, context, *args, **kwargs)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """The history says what it was and what it is."""
        if add:
            return f"Added with a limit of {plain(form.cleaned_data['limit'])} USD."
        if "limit" not in form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        old, new = form.initial["limit"], form.cleaned_data["limit"]
        return f"Limit changed from {plain(old)} to {plain(new)} USD."

    # --- columns -----------------------------------------------------------------------------

    @admin.display(description="whose")
    def shown_whose(self, budget: Budget) -> str:
        return budget.whose

    @admin.display(description="limit", ordering="limit")
    def amount(self, budget: Any) -> str:
        return usd(budget.limit) + _added(budget.meter, " + {} for now")

    @admin.display(description="state")
    def state(self, budget: Any) -> str:
        if budget.meter:
            return f"{budget.meter.state_in_words} ({budget.meter.percent} %)"
        return _of_people(budget, budget.crowd)

    @admin.display(description="now")
    def now(self, budget: Budget) -> str:
        meter = accounting.meters_now([budget]).get(budget.pk)
        if meter is None:
            return _of_people(budget, accounting.crowd_of(budget))
        return (
            f"{usd(meter.spent)} spent, {usd(meter.reserved)} held back, {usd(meter.left)} left"
            f"{_added(meter, ' with {} more than the limit')}: {meter.state_in_words}."
        )

    @admin.display(description="resets on")
    def resets_on(self, budget: Budget) -> str:
        return date_format(Period(budget.period).reset(timezone.localdate()))


def _added(meter: Meter | None, words: str) -> str:
    added = meter.limit - meter.budget.limit if meter else Decimal(0)
    return words.format(usd(added)) if added else ""


def _of_people(budget: Budget, crowd: Crowd) -> str:
    """Never a sum: each has their own."""
    return format_html(
        '<a href="{}">{} near it, {} used up, of {}</a>',
        reverse("admin:conversations_budget_people", args=[budget.pk]),
        *(thousands(number) for number in (crowd.near, crowd.reached, crowd.people)),
    )
