"""The ledger: every call to the API, to read, to filter and to take away as CSV."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations.models import Completion
from conversations.review import looks
from conversations.seen import seen_call, seen_of

from ..amounts import count, exact
from ..export import as_csv
from ..filters import ErrorFilter, FinishReasonFilter, ModelFilter
from ..readonly import GuardedAdmin
from ..rights import may, person_of, reads
from . import columns as ledger
from .columns import Column, time
from .filters import (
    BoundedPaginator,
    CallerFilter,
    CostFilter,
    CountedInFilter,
    DayFilter,
    GroupFilter,
    OtherModelsFilter,
    StateFilter,
    TokensFilter,
)
from .search import HELP, HELP_OF_READERS, sought

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
ENDING: Fields = ("finish_reason", "error", ledger.error_words)
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


class LedgerList(ChangeList):
    """Where there are too many calls to count, each choice of each filter is not counted either."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.paginator.is_cut_off:
            self.add_facets = False


@admin.register(Completion)
class CompletionAdmin(GuardedAdmin[Completion]):
    """Nobody reads here what a person said, or what may quote it: that is where it is logged."""

    list_filter = (
        DayFilter,
        CallerFilter,
        GroupFilter,
        CountedInFilter,
        ModelFilter,
        OtherModelsFilter,
        "purpose",
        StateFilter,
        FinishReasonFilter,
        ErrorFilter,
        CostFilter,
        "is_estimated",
        TokensFilter,
    )
    also_asked = ("day",)  # by DayFilter
    list_select_related = ("user", "conversation")
    # Sought below; without a name here there is no box to type into.
    search_fields = ("upstream_id",)
    paginator = BoundedPaginator
    actions = ("export_selected",)

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LedgerList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Completion]:
        return super().get_queryset(request).defer("parameters", "context")

    # --- titles, and the way to what was said: for who may read transcripts -----------------------

    def get_fieldsets(self, request: HttpRequest, obj: Completion | None = None) -> Fields:
        asked: Fields = ("model", "strategy", ledger.parameters)
        if reads(request):
            asked += (ledger.seen,)
        return (
            (None, {"fields": CALL + ENDING}),
            ("What it took", {"fields": TAKEN}),
            ("Prices at that moment, in USD per million tokens", {"fields": PRICES}),
            ("What was asked", {"fields": (*asked, ledger.context, "context_sha256", *ESTIMATE)}),
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

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.search_help_text = HELP_OF_READERS if reads(request) else HELP
        return changelist

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Completion], search_term: str
    ) -> tuple[QuerySet[Completion], bool]:
        return sought(queryset, search_term, is_reader=reads(request)), False

    def seen(self, request: HttpRequest, call_id: int) -> HttpResponse:
        """The call's messages, rebuilt and verified as its person sees them; from the ledger and
        from the conversation.
        """
        comes_from = self.has_view_permission(request) or may(request, "view_conversation")
        if not (comes_from and reads(request)):
            raise PermissionDenied
        related = Completion.objects.select_related("message", "user", "conversation__owner")
        call = get_object_or_404(related, pk=call_id)
        looks.log_call(call, person_of(request))
        shown = (seen_of(call.message, call.pk) if call.message else None) or seen_call(call)
        title = {"title": "What the model saw", "opts": self.opts, "is_admin": True}
        title |= {"has_view_permission": self.has_view_permission(request)}
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
