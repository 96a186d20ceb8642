"""Prices: dated rows. A row that has set a cost keeps its prices; a new one follows it.

The ledger stores prices and cost with each call, so no edit here moves a past cost. But a row
also tells whoever checks a bill what held on a day. So once a call of its model has been made on
its day or since, its model, its day and its prices stand still; what says nothing about costs
(sizes, what the model takes, its withdrawal) can be put right at any time. For the same reason
a new row may not begin before calls that have already been priced.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from conversations.models import Completion, ModelPrice, UsdField

from ..amounts import UsdInput, count, exact, plain
from ..filters import ModelFilter
from ..readonly import ModelAdmin

USD = ("input", "cached_input", "cache_write", "output", "input_above", "output_above")
PRICES = (*USD[:4], "threshold", *USD[4:])
SIZES = ("max_input", "context_window", "max_output")
TRAITS = ("takes_chat_completions", "is_reasoning")

EXACT = {column: exact(column) for column in USD}


class PricedModelFilter(ModelFilter):
    most = 500


if TYPE_CHECKING:
    PriceModelForm = forms.ModelForm[ModelPrice]
else:
    PriceModelForm = forms.ModelForm


class PriceForm(PriceModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        model, day = cleaned.get("model"), cleaned.get("valid_from")
        today = timezone.localdate()
        if model and day and day < today and has_priced(model, day):
            words = f"Calls since that day have been priced already. Date it {today} or later."
            raise forms.ValidationError({"valid_from": words})
        return cleaned


@admin.register(ModelPrice)
class ModelPriceAdmin(ModelAdmin[ModelPrice]):
    form = PriceForm
    formfield_overrides = {UsdField: {"widget": UsdInput}}
    list_display = (
        "model",
        "valid_from",
        "state",
        *(EXACT[column] for column in USD[:4]),
        *(count("context_window"), count("max_output")),
        *("takes_chat_completions", "withdrawn_on"),
    )
    list_filter = ("takes_chat_completions", "valid_from", PricedModelFilter)
    search_fields = ("model",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.ALLOW
    # Deleting many at once would not ask which of them have set a cost.
    actions = None

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelPrice]:
        begun = ModelPrice.objects.filter(valid_from__lte=timezone.localdate())
        newer = begun.filter(model=OuterRef("model"), valid_from__gt=OuterRef("valid_from"))
        return super().get_queryset(request).annotate(is_past=Exists(newer))

    def has_delete_permission(self, request: HttpRequest, obj: ModelPrice | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not is_settled(obj)

    def get_readonly_fields(
        self, request: HttpRequest, obj: ModelPrice | None = None
    ) -> tuple[Any, ...]:
        return ("model", "valid_from", "threshold", *EXACT.values()) if is_settled(obj) else ()

    def get_fieldsets(self, request: HttpRequest, obj: ModelPrice | None = None) -> Any:
        settled = is_settled(obj)
        is_read = settled or (obj is not None and not self.has_change_permission(request, obj))
        prices = [EXACT.get(column, column) if is_read else column for column in PRICES]
        note = _note(obj) if obj and settled else ""
        return (
            (None, {"fields": ("model", "valid_from", "withdrawn_on"), "description": note}),
            ("Prices, in USD per million tokens", {"fields": prices}),
            ("Sizes, in tokens", {"fields": SIZES}),
            ("What it takes", {"fields": TRAITS}),
        )

    @admin.display(description="state")
    def state(self, price: Any) -> str:
        if price.valid_from > timezone.localdate():
            return "to come"
        return "past" if price.is_past else "in force"


def has_priced(model: str, day: date) -> bool:
    """Whether a call of this model was made on that day or since."""
    calls = Completion.objects.filter(model=model).order_by("-created_at")
    newest = calls.values_list("created_at", flat=True).first()
    return newest is not None and timezone.localdate(newest) >= day


def is_settled(price: ModelPrice | None) -> bool:
    return price is not None and has_priced(price.model, price.valid_from)


def _note(price: ModelPrice) -> str:
    """Why its prices cannot be edited, and the way to new ones."""
    begins = max(timezone.localdate(), price.valid_from + timedelta(days=1))
    columns = (*USD, "threshold", *SIZES, *TRAITS)
    like_it = {column: getattr(price, column) for column in columns}
    written = {
        column: plain(value) if column in USD else str(value)
        # A box that is not ticked is an empty value: "False" would tick it.
        for column, value in like_it.items()
        if value is not None
    } | {column: "1" if like_it[column] else "" for column in TRAITS}
    start = {"model": price.model, "valid_from": begins.isoformat(), **written}
    return format_html(
        "Calls have been priced by this row, so its prices stay as they are. "
        '<a href="{}?{}">Add a new dated row</a> instead.',
        reverse("admin:conversations_modelprice_add"),
        urlencode(start),
    )
