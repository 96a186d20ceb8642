"""Filters of conversations by cost and by flag, and of flags by what is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from conversations.models import Flag, FlagReason

from ..filters import ColumnFilter, ConditionFilter, as_key, people_of
from ..rights import person_of

UNKNOWN = "unknown"
# USD: from, and below.
BANDS = {
    "0": ("nothing", None),
    "0.01": ("below $0.01", Decimal(0)),
    "0.10": ("$0.01 to $0.10", Decimal("0.01")),
    "1": ("$0.10 to $1", Decimal("0.10")),
    "10": ("$1 to $10", Decimal(1)),
    "more": ("$10 and more", Decimal(10)),
}


class CostBandFilter(ConditionFilter):
    """By the part of the cost that is known; one that is not known at all is not "nothing"."""

    title = "cost"
    parameter_name = "cost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((key, words) for key, (words, _) in BANDS.items()), (UNKNOWN, "cost unknown")]

    def holds(self, value: str) -> Q:
        if value == UNKNOWN:
            return Q(calls_of_unknown_cost__gt=0)
        if value not in BANDS:
            raise IncorrectLookupParameters
        least = BANDS[value][1]
        if least is None:
            return Q(cost=0, calls_of_unknown_cost=0)
        above = Q(cost__gte=least) if least else Q(cost__gt=0)
        return above if value == "more" else above & Q(cost__lt=Decimal(value))


class FlagFilter(ConditionFilter):
    """Conversations by their flags; a reason is that of any flag, resolved or not."""

    title = "flag"
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = [("unresolved", "Unresolved"), ("any", "Any"), ("none", "None")]
        return [*states, *((value, str(label)) for value, label in FlagReason.choices)]

    def holds(self, value: str) -> Q:
        flags = Flag.objects.filter(conversation=OuterRef("pk"))
        match value:
            case "unresolved":
                return Q(Exists(flags.unresolved()))
            case "any":
                return Q(Exists(flags))
            case "none":
                return ~Q(Exists(flags))
        if value not in FlagReason.values:
            raise IncorrectLookupParameters
        return Q(Exists(flags.filter(reason=value)))


class StateFilter(admin.SimpleListFilter):
    """A queue: what is resolved is out of it unless asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("resolved", "Resolved"), ("all", "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        unresolved, *others = super().choices(changelist)
        yield unresolved | {"display": "Unresolved"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case None:
                return queryset.filter(resolved_at=None)
            case "resolved":
                return queryset.exclude(resolved_at=None)
            case "all":
                return queryset
        raise IncorrectLookupParameters

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Any]:
        return {}


class ReviewerFilter(ConditionFilter):
    """Whose it is to look at."""

    title = "reviewer"
    parameter_name = "reviewer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        me = person_of(request)
        people = people_of(Flag, "reviewer")
        chosen = [(key, name) for key, name in people if key != str(me.pk)]
        return [(str(me.pk), "Mine"), ("nobody", "Nobody's"), *chosen]

    def holds(self, value: str) -> Q:
        return Q(reviewer=None) if value == "nobody" else Q(reviewer=as_key(value))


class ReaderFilter(ColumnFilter):
    """By the name as it was written into the log, which outlives the accounts."""

    title = "reader"
    parameter_name = column = "reader_name"


class WhoseFilter(ColumnFilter):
    title = "whose"
    parameter_name = column = "owner_name"
