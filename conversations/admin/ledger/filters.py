"""Filters of the ledger: what the numbers of the usage pages link to, and more.

Each says what it holds, so that whoever comes by a link sees which calls they look at.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Regex
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from conversations.text import storable

from ..filters import MOST, NOBODY, ConditionFilter, PersonFilter, as_key
from ..periods import PERIODS, days_of

MOST_COUNTED = 10_000  # rows that a list counts, and has pages for


if TYPE_CHECKING:
    Pages = Paginator[Any]
else:
    Pages = Paginator  # Django's own cannot be subscripted while the site runs


class BoundedPaginator(Pages):
    """Counts no further than it has pages for: a count of a million rows reads them all."""

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_COUNTED)

    @property
    def is_cut_off(self) -> bool:
        return self._found > MOST_COUNTED


class DayFilter(admin.ListFilter):
    """From one day to another, of the site's calendar."""

    title = "day"
    names = ("day__gte", "day__lte")

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.chosen: dict[str, str] = {
            name: params.pop(name)[-1] for name in self.names if name in params
        }

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            days = {n: date.fromisoformat(day) for n, day in self.chosen.items()}
        except ValueError as error:
            raise IncorrectLookupParameters from error
        return queryset.filter(**days)

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = self.chosen
        yield self._choice(changelist, "Any day", {}, not chosen)
        offered = []
        for name, words in PERIODS.items():
            days = zip(self.names, days_of(name, timezone.localdate()), strict=True)
            period = {side: day.isoformat() for side, day in days}
            offered.append(period)
            yield self._choice(changelist, words, period, chosen == period)
        if chosen and chosen not in offered:
            yield self._choice(changelist, self._in_words(), chosen, True)

    def _choice(self, changelist: Any, words: str, days: dict[str, str], is_on: bool) -> Any:
        query = changelist.get_query_string(days, [n for n in self.names if n not in days])
        return {"selected": is_on, "query_string": query, "display": words}

    def _in_words(self) -> str:
        first, last = (self.chosen.get(name) for name in self.names)
        if first == last:
            return str(first)
        return " ".join(filter(None, (first and f"from {first}", last and f"to {last}")))


class CallerFilter(PersonFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Always with the chosen one."""
        offered = super().lookups(request, model_admin)
        chosen = self.value()
        if chosen and chosen.isdecimal() and chosen not in dict(offered) and chosen != NOBODY:
            person = get_user_model().objects.filter(pk=as_key(chosen)).first()
            offered += [(chosen, person.get_username())] if person else []
        return [*offered, (NOBODY, "(deleted accounts)")]

    def holds(self, value: str) -> Q:
        return Q(user=None) if value == NOBODY else super().holds(value)


class GroupFilter(ConditionFilter):
    """By the groups that people are in now."""

    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = Group.objects.order_by("name").values_list("pk", "name")[:MOST]
        return [(str(pk), name) for pk, name in groups]

    def holds(self, value: str) -> Q:
        return Q(user__in=get_user_model().objects.filter(groups=int(as_key(value))))


class CountedInFilter(GroupFilter):
    """By the groups that people were in when the call was made, as budgets count."""

    title = "group at the time"
    parameter_name = "counted_in"

    def has_output(self) -> bool:
        return self.value() is not None

    def holds(self, value: str) -> Q:
        is_one = rf"[\[ ]{as_key(value)}[,\]]"
        return Q(Regex(Cast("groups", TextField()), is_one))


class OtherModelsFilter(admin.ListFilter):
    """All models but some: what a chart calls "other"."""

    title = "model is not"
    name = "not_model"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.models = [storable(model) for model in params.pop(self.name, [])]

    def has_output(self) -> bool:
        return bool(self.models)

    def expected_parameters(self) -> list[str | None]:
        return [self.name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(model__in=self.models) if self.models else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        for query, words, is_on in (
            (changelist.get_query_string(remove=[self.name]), "All", False),
            (changelist.get_query_string(), ", ".join(self.models), True),
        ):
            yield {"selected": is_on, "query_string": query, "display": words}


class StateFilter(ConditionFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ended", "Ended"), ("running", "Running")]

    def holds(self, value: str) -> Q:
        return Q(ended_at__isnull=value == "running")


class CostFilter(ConditionFilter):
    title = "cost"
    parameter_name = "priced"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Known"), ("no", "Unknown")]

    def holds(self, value: str) -> Q:
        return Q(cost__isnull=False) if value == "yes" else Q(cost=None, ended_at__isnull=False)


class TokensFilter(ConditionFilter):
    """What shares and drifts are taken from."""

    title = "prompt tokens"
    parameter_name = "tokens"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("cached", "Some from the cache"), ("told", "As the provider told")]

    def holds(self, value: str) -> Q:
        if value == "cached":
            return Q(cached_tokens__gt=0)
        return Q(is_estimated=False, prompt_tokens__gt=0)
