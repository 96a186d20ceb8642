"""The ledger: every call to the API, to read, to filter and to take away as CSV."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations.models import Completion
from conversations.seen import seen_call, seen_of

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
ESTIMATE: Fields = (
    count("estimated_prompt_tokens", "estimated prompt tokens"),
    exact("reserved", "worst case, USD"),
)


def reads(request: HttpRequest) -> bool:
    return request.user.has_perm("conversations.view_conversation")


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

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Completion]:
        return super().get_queryset(request).defer("parameters", "context")

    # --- what a person said: for who may read conversations --------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Completion | None = None) -> Fields:
        record = (
            (ledger.seen, ledger.context) if reads(request) else (ledger.context_without_words,)
        )
        request_fields = ("model", "strategy", "context_note", ledger.parameters, *record)
        return (
            (None, {"fields": CALL + ENDING}),
            ("What it took", {"fields": TAKEN}),
            ("Prices at that moment, in USD per million tokens", {"fields": PRICES}),
            ("What was asked", {"fields": (*request_fields, "context_sha256", *ESTIMATE)}),
            (
                "What the provider said of itself",
                {"fields": ("upstream_id", "upstream_model", "upstream_created", "fingerprint")},
            ),
        )

    def get_list_display(self, request: HttpRequest) -> tuple[str | Column, ...]:
        return (
            *("created_at", "user"),
            ledger.conversation if reads(request) else ledger.conversation_id,
            *("purpose", "model", ledger.cost, ledger.usage, *TOKENS),
            *("finish_reason", "error", DURATION),
        )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        titles = ("conversation__title",) if reads(request) else ()
        return ("upstream_id", "user__username", *titles)

    def seen(self, request: HttpRequest, call_id: int) -> HttpResponse:
        """The call's messages, rebuilt and verified as its person sees them."""
        if not (self.has_view_permission(request) and reads(request)):
            raise PermissionDenied
        call = get_object_or_404(Completion.objects.select_related("message"), pk=call_id)
        shown = (seen_of(call.message, call.pk) if call.message else None) or seen_call(call)
        title = {"title": "What the model saw", "opts": self.opts, "is_admin": True}
        context = self.admin_site.each_context(request) | title | {"shown": shown}
        return TemplateResponse(request, "admin/conversations/completion/seen.html", context)

    # --- export ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        seen = self.admin_site.admin_view(self.seen)
        return [
            path("export/", export, name="conversations_completion_export"),
            path("<int:call_id>/seen/", seen, name="conversations_completion_seen"),
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
