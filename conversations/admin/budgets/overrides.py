"""Who allowed more of which budget, and why: a log. It is written from the budget's own page."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin

from conversations.models import BudgetOverride

from ..amounts import EMPTY, exact
from ..readonly import ReadOnlyAdmin


def text(column: str, words: str) -> Callable[[Any], str]:
    @admin.display(description=words, ordering=column)
    def text(override: BudgetOverride) -> str:
        return getattr(override, column) or EMPTY

    return text


COLUMNS = (
    "made_at",
    text("made_by_name", "by"),
    text("budget_words", "budget"),
    text("person_name", "for"),
    exact("amount", "USD more"),
    *("begins", "reason"),
)


@admin.register(BudgetOverride)
class BudgetOverrideAdmin(ReadOnlyAdmin[BudgetOverride]):
    list_display = COLUMNS
    fields: ClassVar[Any] = COLUMNS
    list_filter = ("made_at",)
    search_fields = ("budget_words", "person_name", "made_by_name", "reason")

    class Media:
        css = {"all": ["css/admin.css"]}
