"""What is being written now and who waits, whichever process has it; and a way to stop it.

Nothing that was said is shown here, and an answer has no page of its own: who may read it does
so in its conversation.
"""

from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length, Now
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from conversations import line, turns
from conversations.models import Purpose, RunningAnswer, Status
from conversations.templatetags.chat import seconds, thousands
from conversations.text import one_line
from conversations.transcript.waiting import waiting_of

from ..amounts import EMPTY
from ..ledger.columns import TITLE_SHOWN
from ..readonly import GuardedAdmin
from ..rights import reads

PAGE = "admin:conversations_runninganswer_changelist"
PROCESS_SHOWN = 8  # characters of a process's id


class RunningList(ChangeList):
    """With what each answer waits for, asked once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.title = "Running now"
        waits = line.survey()
        for answer in self.result_list:
            answer.now_waits_for = waits.get(answer.pk)


@admin.register(RunningAnswer)
class RunningAnswerAdmin(GuardedAdmin[RunningAnswer]):
    list_display_links = None
    list_select_related = ("owner", "conversation")
    ordering = ("created_at",)
    actions = ("stop_selected",)

    @property
    def media(self) -> forms.Media:
        script: Any = Script("js/running.js", type="module")
        return super().media + forms.Media(css={"all": ["css/admin.css"]}, js=[script])

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RunningList

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunningAnswer]:
        calls = Q(completions__purpose=Purpose.ANSWER, completions__created_at__gte=F("queued_at"))
        found: QuerySet[RunningAnswer] = super().get_queryset(request).running()  # type: ignore[attr-defined] # Message's
        return found.defer("text", "html", "reasoning").annotate(
            length=Length("text"), calls_made=Count("completions", filter=calls), now=Now()
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        place = "shown_conversation" if reads(request) else "conversation_id"
        stop = ("stop_button",) if self.has_stop_permission(request) else ()
        columns = ("person", place, "model", "state", "age", "characters", "attempts", "beaten")
        return (*columns, "process", *stop)

    # --- who may do what ---------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: RunningAnswer | None = None) -> bool:
        """The list, and no page of a single answer: that would show what was said."""
        return obj is None and super().has_view_permission(request)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.stop_runninganswer")

    # --- stopping ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        stop = self.admin_site.admin_view(self.stop)
        name = "conversations_runninganswer_stop"
        return [path("<uuid:answer_id>/stop/", stop, name=name), *super().get_urls()]

    def stop(self, request: HttpRequest, answer_id: Any) -> HttpResponseBase:
        if not (self.has_view_permission(request) and self.has_stop_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        self._stop(request, self.get_queryset(request).filter(pk=answer_id))
        return redirect(PAGE)

    @admin.action(description="Stop selected answers", permissions=["stop"])
    def stop_selected(self, request: HttpRequest, queryset: QuerySet[RunningAnswer]) -> None:
        self._stop(request, queryset)

    def _stop(self, request: HttpRequest, answers: QuerySet[RunningAnswer]) -> None:
        """As their person would; what has arrived is kept."""
        stop = async_to_sync(turns.stop)
        found = list(answers.select_related("conversation"))
        stopped = sum(stop(answer.conversation, answer.pk) for answer in found)
        if not stopped:
            messages.warning(request, "It had already ended.")
        elif stopped == 1:
            messages.success(request, "The answer is being stopped; what has arrived is kept.")
        else:
            words = f"{stopped} answers are being stopped; what has arrived is kept."
            messages.success(request, words)

    # --- columns -----------------------------------------------------------------------------

    @admin.display(ordering="owner__username")
    def person(self, answer: RunningAnswer) -> str:
        return answer.owner.get_username()

    @admin.display(description="conversation")
    def shown_conversation(self, answer: RunningAnswer) -> str:
        page = reverse("admin:conversations_conversation_change", args=[answer.conversation_id])
        title = one_line(answer.conversation.title, TITLE_SHOWN) or "(no title)"
        return format_html('<a href="{}#message-{}">{}</a>', page, answer.pk, title)

    @admin.display(description="state")
    def state(self, answer: Any) -> str:
        if answer.stop_asked:
            return "Stopping."
        if answer.is_in_line:
            wait = answer.now_waits_for
            return waiting_of(wait).words if wait else "About to be called."
        return "Streaming." if answer.status == Status.STREAMING else "Being prepared."

    @admin.display(description="since", ordering="queued_at")
    def age(self, answer: Any) -> str:
        return _ago(answer.now - (answer.queued_at or answer.created_at))

    @admin.display(description="characters")
    def characters(self, answer: Any) -> str:
        return thousands(answer.length)

    @admin.display(description="attempts")
    def attempts(self, answer: Any) -> str:
        return thousands(answer.calls_made)

    @admin.display(description="last sign of life", ordering="beat")
    def beaten(self, answer: Any) -> str:
        return _ago(answer.now - answer.beat) if answer.beat else EMPTY

    @admin.display(description="process")
    def process(self, answer: RunningAnswer) -> str:
        return str(answer.home)[:PROCESS_SHOWN] if answer.home else EMPTY

    @admin.display(description="stop")
    def stop_button(self, answer: RunningAnswer) -> str:
        address = reverse("admin:conversations_runninganswer_stop", args=[answer.pk])
        label = f"Stop the answer to {answer.owner.get_username()}"
        return format_html(
            '<button class="button" type="submit" formaction="{}" aria-label="{}">Stop</button>',
            address,
            label,
        )


def _ago(age: timedelta) -> str:
    return f"{seconds(max(round(age.total_seconds() * 1000), 0))} ago"
