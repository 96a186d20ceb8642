"""Filters that ask for their choices, and for their counts, with one query each.

A column's values are found by going from one to the next in its index, since DISTINCT would read
the whole ledger.
"""

import re
from abc import ABC, abstractmethod
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest

from conversations import usage
from conversations.models import Completion
from conversations.text import storable

MOST = 50  # values that one filter offers; the search finds the rest
ANY_ERROR = "any"
NOBODY = str(usage.NOBODY)
NEXT_VALUES = """
WITH RECURSIVE held(value) AS (
    SELECT MIN({column}) FROM {table}
    UNION ALL
    SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > held.value)
    FROM held WHERE held.value IS NOT NULL
)
SELECT value FROM held WHERE value IS NOT NULL LIMIT %s
"""


def values_held(rows: type[Model], column: str, most: int) -> list[str]:
    """The first so many values of an indexed column of text."""
    quote = connection.ops.quote_name
    query = NEXT_VALUES.format(column=quote(column), table=quote(rows._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(query, [most])
        return [value for (value,) in cursor.fetchall()]


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
        offered = values_held(self.holder or model_admin.model, self.column, self.most)
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

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        offered = super().lookups(request, model_admin)
        return [(ANY_ERROR, "(any)"), *(pair for pair in offered if pair[0] != ANY_ERROR)]

    def holds(self, value: str) -> Q:
        return ~Q(error="") if value == ANY_ERROR else super().holds(value)


class OfAnyCall(ColumnFilter):
    """Conversations by what the ledger says of any of their calls."""

    holder = Completion

    def holds(self, value: str) -> Q:
        calls = Completion.objects.filter(conversation=OuterRef("pk"))
        return Q(Exists(calls.filter(super().holds(value))))


class AnyModelFilter(OfAnyCall, ModelFilter):
    """The model that it is set to, too: that is the one which the list shows."""

    def holds(self, value: str) -> Q:
        return Q(model=storable(value)) | super().holds(value)


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
        return people_of(model_admin.model, self.key)

    def holds(self, value: str) -> Q:
        return Q(**{self.key: as_key(value)})


def people_of(rows: type[Model], key: str) -> list[tuple[str, str]]:
    theirs = rows._default_manager.filter(**{key: OuterRef("pk")})
    people = get_user_model().objects.filter(Exists(theirs))
    newest = people.order_by(F("last_login").desc(nulls_last=True), "pk")[:MOST]
    named = [(str(pk), name) for pk, name in newest.values_list("pk", "username")]
    return sorted(named, key=lambda person: person[1].casefold())


def as_key(value: str) -> str:
    """What a key can be, and a column hold."""
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise IncorrectLookupParameters
    return value


class OwnerFilter(PersonFilter):
    key = "owner"


class DeletedFilter(ConditionFilter):
    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No"), ("yes", "Yes")]

    def holds(self, value: str) -> Q:
        return Q(deleted_at__isnull=value != "yes")
