"""Conversations: what was said, by whom, with which model, at what cost."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.text import smart_split, unescape_string_literal

from conversations.models import Conversation, Message, Role
from conversations.templatetags.chat import thousands
from conversations.text import one_line

from .amounts import count, in_words
from .filters import (
    AnyErrorFilter,
    AnyFinishReasonFilter,
    DeletedFilter,
    ModelFilter,
    OwnerFilter,
)
from .readings import read
from .readonly import ReadOnlyAdmin

# An answer's own, and then ours.
STYLES = ("prose", "code", "highlight", "admin")
TITLE_SHOWN = 80  # characters of a title in the list


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin[Conversation]):
    list_display = (
        "shown_title",
        "user",
        "model",
        "turns",
        count("prompt_tokens"),
        count("completion_tokens"),
        "total",
        "shown_cost",
        "last_activity",
    )
    list_filter = (
        OwnerFilter,
        ModelFilter,
        AnyFinishReasonFilter,
        AnyErrorFilter,
        DeletedFilter,
        "created_at",
    )
    list_select_related = ("owner",)
    date_hierarchy = "active_at"
    ordering = ("-active_at",)
    search_fields = ("title", "owner__username")
    search_help_text = "Title, username, or words of a message. “Quoted words” are sought as one."
    # The page is a template of its own; without a name here, a form of every column is made.
    fields = ("title",)

    class Media:
        css = {"all": [f"css/{name}.css" for name in STYLES]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        typed = Message.objects.filter(conversation=OuterRef("pk"), role=Role.USER)
        counted = typed.order_by().values("conversation").annotate(count=Count("pk"))
        turns = Coalesce(Subquery(counted.values("count")), 0)
        return super().get_queryset(request).annotate(turns=turns)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        """Every word must be found, each anywhere; by subquery, so that no row comes twice."""
        for word in smart_split(search_term):
            if word.startswith(('"', "'")) and len(word) > 1 and word[0] == word[-1]:
                word = unescape_string_literal(word)
            said = Message.objects.filter(text__icontains=word).values("conversation")
            queryset = queryset.filter(
                Q(title__icontains=word) | Q(owner__username__icontains=word) | Q(pk__in=said)
            )
        return queryset, False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        conversation: Conversation = context["original"]
        is_own = conversation.owner_id == request.user.pk and conversation.deleted_at is None
        context |= {
            "reading": read(conversation),
            "cost": self.shown_cost(conversation),
            "is_own": is_own,
            "sees_ledger": request.user.has_perm("conversations.view_completion"),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="title", ordering="title")
    def shown_title(self, conversation: Conversation) -> str:
        title = one_line(conversation.title, TITLE_SHOWN) or "(no title)"
        return f"{title} (deleted)" if conversation.deleted_at else title

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

    @admin.display(description="last activity", ordering="active_at")
    def last_activity(self, conversation: Conversation) -> Any:
        return conversation.active_at
