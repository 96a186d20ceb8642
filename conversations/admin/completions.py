"""The ledger: every call to the API, to read, to filter and to take away as CSV."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from conversations.models import Completion

from . import ledger
from .amounts import count, exact
from .export import as_csv
from .filters import ErrorFilter, FinishReasonFilter, ModelFilter, PersonFilter
from .ledger import Column, time
from .readonly import ReadOnlyAdmin

# The stubs know of no functions among a page's fields; Django does.
Fields = Any

TOKENS: Fields = (
    count("prompt_tokens", "prompt tokens"),
    count("cached_tokens", "cached tokens"),
    count("completion_tokens", "completion tokens"),
    count("reasoning_tokens", "reasoning tokens"),
)
DURATION = time("duration_ms", "duration")
CALL: Fields = ("created_at", "ended_at", "user", ledger.message, "purpose")
ENDING: Fields = ("finish_reason", "error", ledger.error_words, "error_detail")
TAKEN: Fields = (
    *(ledger.usage, *TOKENS, count("cache_write_tokens", "cache write tokens")),
    *(ledger.cost, exact("cost", "cost, exact USD")),
    *(time("first_token_ms", "time to first token"), DURATION),
)
PRICES: Fields = (
    exact("price_input", "input"),
    exact("price_cached_input", "cached input"),
    exact("price_cache_write", "cache write"),
    exact("price_output", "output"),
)
REQUEST: Fields = (
    *("model", ledger.parameters, ledger.context, "context_sha256"),
    count("estimated_prompt_tokens", "estimated prompt tokens"),
    exact("reserved", "worst case, USD"),
)


@admin.register(Completion)
class CompletionAdmin(ReadOnlyAdmin[Completion]):
    list_filter = (
        PersonFilter,
        ModelFilter,
        FinishReasonFilter,
        ErrorFilter,
        "is_estimated",
        "purpose",
        "created_at",
    )
    list_select_related = ("user", "conversation")
    date_hierarchy = "created_at"
    actions = ("export_selected",)
    fieldsets = (
        (None, {"fields": CALL + ENDING}),
        ("What it took", {"fields": TAKEN}),
        ("Prices at that moment, in USD per million tokens", {"fields": PRICES}),
        ("What was asked", {"fields": REQUEST}),
        (
            "What the provider said of itself",
            {"fields": ("upstream_id", "upstream_model", "upstream_created", "fingerprint")},
        ),
    )

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Completion]:
        return super().get_queryset(request).defer("parameters", "context")

    # --- a title is the person's words: for who may read conversations ---------------------------

    def get_list_display(self, request: HttpRequest) -> tuple[str | Column, ...]:
        reads = request.user.has_perm("conversations.view_conversation")
        return (
            *("created_at", "user"),
            ledger.conversation if reads else ledger.conversation_id,
            *("purpose", "model", ledger.cost, ledger.usage, *TOKENS),
            *("finish_reason", "error", DURATION),
        )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        reads = request.user.has_perm("conversations.view_conversation")
        titles = ("conversation__title",) if reads else ()
        return ("upstream_id", "user__username", *titles)

    # --- export ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [
            path("export/", view, name="conversations_completion_export"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All that the list shows with these filters, on all its pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:conversations_completion_changelist")
        return as_csv(found)

    @admin.action(description="Export selected calls as CSV", permissions=["view"])
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Completion]
    ) -> HttpResponseBase:
        return as_csv(queryset)
