"""Filters that ask for their choices, and for their counts, with one query each."""

import re
from abc import ABC, abstractmethod
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest

from conversations.models import Completion
from conversations.text import storable

MOST = 50  # values that one filter offers; the search finds the rest


class ConditionFilter(admin.SimpleListFilter, ABC):
    """A choice is a condition on the rows."""

    @abstractmethod
    def holds(self, value: str) -> Q: ...

    def has_output(self) -> bool:
        return True  # Django drops a filter without choices, and with it what was asked of it

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(self.holds(chosen))

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        """Each choice in the one pass over the rows; Django's own adds a subquery for each."""
        return {
            f"{index}__c": Count(pk_attname, filter=self.holds(value))
            for index, (value, _) in enumerate(self.lookup_choices)
        }


class ColumnFilter(ConditionFilter):
    """The values that a column of text holds, empty included."""

    column = ""
    holder: type[Model] | None = None  # where it is, if not in the list's own rows
    most = MOST

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = (self.holder or model_admin.model)._default_manager
        values = rows.order_by(self.column).values_list(self.column, flat=True).distinct()
        offered: list[str] = list(values[: self.most])
        chosen = self.value()
        if chosen is not None and chosen not in offered:
            offered.append(chosen)
        return [(value, value or "(none)") for value in offered]

    def holds(self, value: str) -> Q:
        return Q(**{self.column: storable(value)})


class ModelFilter(ColumnFilter):
    title = "model"
    parameter_name = column = "model"


class FinishReasonFilter(ColumnFilter):
    title = "finish reason"
    parameter_name = column = "finish_reason"


class ErrorFilter(ColumnFilter):
    title = "error"
    parameter_name = column = "error"


class OfAnyCall(ColumnFilter):
    """Conversations by what the ledger says of any of their calls."""

    holder = Completion

    def holds(self, value: str) -> Q:
        calls = Completion.objects.filter(conversation=OuterRef("pk"))
        return Q(Exists(calls.filter(super().holds(value))))


class AnyFinishReasonFilter(OfAnyCall, FinishReasonFilter):
    pass


class AnyErrorFilter(OfAnyCall, ErrorFilter):
    pass


class PersonFilter(ConditionFilter):
    """The people who have any of the rows; of many, those who signed in last."""

    title = "user"
    parameter_name = "user"
    key = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        theirs = model_admin.model._default_manager.filter(**{self.key: OuterRef("pk")})
        people = get_user_model().objects.filter(Exists(theirs))
        newest = people.order_by(F("last_login").desc(nulls_last=True), "pk")[:MOST]
        named = [(str(pk), name) for pk, name in newest.values_list("pk", "username")]
        return sorted(named, key=lambda person: person[1].casefold())

    def holds(self, value: str) -> Q:
        if not re.fullmatch(r"[0-9]{1,18}", value):  # what a key can be, and a column hold
            raise IncorrectLookupParameters
        return Q(**{self.key: value})


class OwnerFilter(PersonFilter):
    key = "owner"


class DeletedFilter(ConditionFilter):
    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No"), ("yes", "Yes")]

    def holds(self, value: str) -> Q:
        return Q(deleted_at__isnull=value != "yes")
