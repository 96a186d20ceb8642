"""Conversations: what was said, by whom, with which model, at what cost."""

import re
import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import smart_split, unescape_string_literal

from conversations.models import Conversation, Flag, Message, Role
from conversations.review import flags, notes
from conversations.search import saying
from conversations.templatetags.chat import thousands

from ..amounts import EMPTY, count, in_words
from ..asking import ask
from ..filters import (
    AnyErrorFilter,
    AnyFinishReasonFilter,
    AnyModelFilter,
    DeletedFilter,
    OwnerFilter,
)
from ..rights import may, person_of, reads
from .acts import ReviewPages
from .filters import CostBandFilter, FlagFilter
from .forms import ReasonForm
from .page import name_of

# An answer's own, and then ours.
STYLES = ("prose", "code", "highlight", "chart", "admin", "review")
MOST_AT_ONCE = 200  # conversations that are flagged together
ALL_SOUGHT = "Title, username, id, or words of a message. “Quoted words” are sought as one."
FIGURES_SOUGHT = "Username or id. Titles and messages are sought by who may read transcripts."


@admin.register(Conversation)
class ConversationAdmin(ReviewPages):
    list_filter = (
        FlagFilter,
        OwnerFilter,
        AnyModelFilter,
        CostBandFilter,
        AnyFinishReasonFilter,
        AnyErrorFilter,
        DeletedFilter,
        "active_at",
        "created_at",
    )
    list_select_related = ("owner",)
    date_hierarchy = "active_at"
    ordering = ("-active_at",)
    # The words are sought below; without a name here there is no box to type them into.
    search_fields = ("owner__username",)
    actions = ("flag_selected",)

    class Media:
        css = {"all": [f"css/{name}.css" for name in STYLES]}

    def get_list_display(self, request: HttpRequest) -> Any:
        return (
            "shown_title" if reads(request) else "shown_id",
            "user",
            "model",
            "turns",
            count("prompt_tokens"),
            count("completion_tokens"),
            "total",
            "shown_cost",
            "unresolved",
            "last_activity",
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        typed = Message.objects.filter(conversation=OuterRef("pk"), role=Role.USER)
        raised = Flag.objects.filter(conversation=OuterRef("pk")).unresolved()
        counted = {
            name: Coalesce(Subquery(_count(rows.order_by())), 0)
            for name, rows in {"turns": typed, "unresolved": raised}.items()
        }
        return super().get_queryset(request).annotate(**counted)

    # --- search ----------------------------------------------------------------------------------

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.search_help_text = ALL_SOUGHT if reads(request) else FIGURES_SOUGHT
        return changelist

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        """Every word must be found, each anywhere; by subquery, so that no row comes twice."""
        is_reader = reads(request)
        for word in smart_split(search_term):
            if word.startswith(('"', "'")) and len(word) > 1 and word[0] == word[-1]:
                word = unescape_string_literal(word)
            found = Q(owner__username__icontains=word) | _by_id(word)
            if is_reader:
                said = saying(word).values("conversation")
                found |= Q(title__icontains=word) | Q(pk__in=said)
            queryset = queryset.filter(found)
        return queryset, False

    # --- flags -----------------------------------------------------------------------------------

    def has_flag_permission(self, request: HttpRequest) -> bool:
        return may(request, "add_flag")

    @admin.action(description="Flag selected", permissions=["flag"])
    def flag_selected(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> HttpResponseBase | None:
        """Asks for the reason first."""
        chosen = list(queryset[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            messages.error(request, f"Choose at most {MOST_AT_ONCE} at once.")
            return None
        form = ReasonForm(request.POST if "asked" in request.POST else None)
        if form.is_valid():
            flagged = flags.raise_for_all(chosen, person_of(request), **form.cleaned_data)
            if flagged:
                messages.success(request, f"{_many(flagged)} flagged.")
            if removed := len(chosen) - flagged:
                messages.warning(request, f"{_many(removed)} not flagged: {notes.REMOVED}")
            return None
        named = [name_of(each, with_words=reads(request)) for each in chosen]
        return ask(self, request, "Flag selected", form, [each.pk for each in chosen], named)

    def action_checkbox(self, conversation: Conversation) -> SafeString:
        """Django names the row by its title, whoever looks."""
        label = f"Select the conversation {conversation.pk} of {conversation.owner.get_username()}"
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            conversation.pk,
            label,
        )

    # --- columns ---------------------------------------------------------------------------------

    @admin.display(description="title", ordering="title")
    def shown_title(self, conversation: Conversation) -> str:
        if conversation.erased_at:
            return "(content removed)"
        title = name_of(conversation, with_words=True)
        return f"{title} (deleted)" if conversation.deleted_at else title

    @admin.display(description="conversation", ordering="id")
    def shown_id(self, conversation: Conversation) -> str:
        return f"{conversation.pk} (deleted)" if conversation.deleted_at else str(conversation.pk)

    @admin.display(ordering="owner__username")
    def user(self, conversation: Conversation) -> str:
        return conversation.owner.get_username()

    @admin.display(ordering="turns")
    def turns(self, conversation: Any) -> str:
        """The messages that the person sent, in every version."""
        return thousands(conversation.turns)

    @admin.display(description="total tokens", ordering=F("prompt_tokens") + F("completion_tokens"))
    def total(self, conversation: Conversation) -> str:
        return thousands(conversation.total_tokens)

    @admin.display(description="cost", ordering="cost")
    def shown_cost(self, conversation: Conversation) -> str:
        return in_words(conversation.cost, conversation.calls, conversation.calls_of_unknown_cost)

    @admin.display(description="flags", ordering="unresolved")
    def unresolved(self, conversation: Any) -> str:
        """Those that are unresolved."""
        return thousands(conversation.unresolved) if conversation.unresolved else EMPTY

    @admin.display(description="last activity", ordering="active_at")
    def last_activity(self, conversation: Conversation) -> Any:
        return conversation.active_at


def _count(rows: QuerySet[Any]) -> Any:
    return rows.values("conversation").annotate(count=Count("pk")).values("count")


def _by_id(word: str) -> Q:
    is_id = re.fullmatch(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", word, re.IGNORECASE)
    return Q(pk=uuid.UUID(word)) if is_id else Q(pk__in=[])


def _many(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count:,} conversations"
