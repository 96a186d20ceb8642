"""The queue: what somebody should look at, and whose it is to look at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html

from conversations.models import Flag
from conversations.review import flags
from conversations.text import one_line

from ..amounts import EMPTY
from ..asking import ask
from ..readonly import GuardedAdmin
from ..rights import may, person_of, reads
from .filters import ReviewerFilter, StateFilter
from .forms import OutcomeForm
from .page import name_of

WORDS_SHOWN = 120  # characters


@admin.register(Flag)
class FlagAdmin(GuardedAdmin[Flag]):
    list_display_links = None
    list_filter = (StateFilter, ReviewerFilter, "reason", "raised_at")
    list_select_related = ("conversation__owner", "reviewer")
    ordering = ("raised_at",)
    search_fields = ("conversation__owner__username", "raised_by_name")
    search_help_text = "Username of who is flagged, or of who flagged."
    actions = ("take_selected", "resolve_selected")

    class Media:
        css = {"all": ["css/admin.css", "css/review.css"]}

    def get_list_display(self, request: HttpRequest) -> Any:
        is_reader = reads(request)
        return (
            "place" if is_reader else "place_by_id",
            "person",
            "shown_reason",
            *(("shown_words",) if is_reader else ()),
            "whose_words",
            "raised_at",
            "whose",
            "shown_state",
            *(("shown_outcome",) if is_reader else ()),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A flag is seen where it was raised."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return redirect(_address(get_object_or_404(Flag, pk=key)))

    # --- what is done with them ------------------------------------------------------------------

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return may(request, "change_flag")

    @admin.action(description="Take selected", permissions=["resolve"])
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Flag]) -> None:
        taken = flags.take(_alone(queryset), person_of(request))
        _tell(request, taken, "yours now")

    @admin.action(description="Resolve selected", permissions=["resolve"])
    def resolve_selected(
        self, request: HttpRequest, queryset: QuerySet[Flag]
    ) -> HttpResponseBase | None:
        """Asks for the outcome first."""
        form = OutcomeForm(request.POST if "asked" in request.POST else None)
        if form.is_valid():
            outcome = form.cleaned_data["outcome"]
            resolved = flags.resolve(_alone(queryset), person_of(request), outcome)
            _tell(request, resolved, "resolved")
            return None
        chosen = list(queryset.select_related("conversation__owner"))
        named = [
            f"{flag.get_reason_display()}: {_named(flag, with_words=reads(request))}"
            for flag in chosen
        ]
        keys = [flag.pk for flag in chosen]
        return ask(self, request, "Resolve selected flags", form, keys, named)

    # --- columns ---------------------------------------------------------------------------------

    @admin.display(description="conversation", ordering="conversation__title")
    def place(self, flag: Flag) -> str:
        return _link(flag, with_words=True)

    @admin.display(description="conversation")
    def place_by_id(self, flag: Flag) -> str:
        return _link(flag, with_words=False)

    @admin.display(ordering="conversation__owner__username")
    def person(self, flag: Flag) -> str:
        return flag.conversation.owner.get_username()

    @admin.display(description="reason", ordering="reason")
    def shown_reason(self, flag: Flag) -> str:
        about = "one turn" if flag.message_id else "the whole"
        return f"{flag.get_reason_display()} ({about})"

    @admin.display(description="words")
    def shown_words(self, flag: Flag) -> str:
        return one_line(flag.words, WORDS_SHOWN) or EMPTY

    @admin.display(description="raised by", ordering="raised_by_name")
    def whose_words(self, flag: Flag) -> str:
        return flag.raised_by_name

    @admin.display(description="reviewer", ordering="reviewer__username")
    def whose(self, flag: Flag) -> str:
        return flag.reviewer.get_username() if flag.reviewer else EMPTY

    @admin.display(description="state", ordering="resolved_at")
    def shown_state(self, flag: Flag) -> str:
        return f"resolved by {flag.resolved_by_name}" if flag.resolved_at else flag.state

    @admin.display(description="outcome")
    def shown_outcome(self, flag: Flag) -> str:
        return one_line(flag.outcome, WORDS_SHOWN) or EMPTY


def _alone(chosen: QuerySet[Flag]) -> QuerySet[Flag]:
    """A list's queryset may be joined and ordered, and so not be updated."""
    return Flag.objects.filter(pk__in=chosen.order_by().values("pk"))


def _tell(request: HttpRequest, count: int, what: str) -> None:
    if not count:
        messages.warning(request, "They had been resolved already.")
    else:
        words = "1 flag is" if count == 1 else f"{count:,} flags are"
        messages.success(request, f"{words} {what}.")


def _named(flag: Flag, *, with_words: bool) -> str:
    owner = flag.conversation.owner.get_username()
    return f"{name_of(flag.conversation, with_words=with_words)}, {owner}"


def _link(flag: Flag, *, with_words: bool) -> str:
    name = name_of(flag.conversation, with_words=with_words)
    return format_html('<a href="{}">{}</a>', _address(flag), name)


def _address(flag: Flag) -> str:
    page = reverse("admin:conversations_conversation_change", args=[flag.conversation_id])
    return f"{page}#message-{flag.message_id}" if flag.message_id else f"{page}#flags"
