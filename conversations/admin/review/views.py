"""Who read what people said: a log that nobody changes, superusers included."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from conversations.models import TranscriptView

from ..amounts import EMPTY
from ..readonly import GuardedAdmin
from ..rights import reads
from .filters import ReaderFilter, WhoseFilter
from .page import name_of


@admin.register(TranscriptView)
class TranscriptViewAdmin(GuardedAdmin[TranscriptView]):
    list_display_links = None
    list_filter = (ReaderFilter, WhoseFilter, "how", "read_at")
    list_select_related = ("conversation",)
    date_hierarchy = "read_at"
    ordering = ("-read_at", "-pk")
    also_asked = ("conversation_key",)
    search_fields = ("reader_name", "owner_name")
    search_help_text = "Username of the reader, or of who was read."

    class Media:
        css = {"all": ["css/admin.css", "css/review.css"]}

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("read_at", "reader_name", "how", "owner_name", _of(reads(request)))

    def has_view_permission(self, request: HttpRequest, obj: TranscriptView | None = None) -> bool:
        """The list: a row says no more on a page of its own."""
        return obj is None and super().has_view_permission(request)


def _of(with_words: bool) -> Any:
    @admin.display(description="conversation")
    def conversation(view: TranscriptView) -> str:
        """By its title for who may read it; one that is not there any more by its id."""
        if view.conversation is None:
            return str(view.conversation_key or EMPTY)
        page = reverse("admin:conversations_conversation_change", args=[view.conversation_id])
        name = name_of(view.conversation, with_words=with_words)
        return format_html('<a href="{}">{}</a>', page, name)

    return conversation
