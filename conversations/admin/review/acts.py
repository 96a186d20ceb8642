"""One conversation, read and reviewed: its page, what one does there, and what one takes away."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from conversations.errors import InvalidInput
from conversations.models import Conversation, Flag, Look, Message
from conversations.review import flags, looks, notes, transcripts
from conversations.review.markdown import as_markdown

from ..export import as_csv, download
from ..readonly import GuardedAdmin
from ..rights import Rights, may, person_of, reads
from .forms import FlagForm, HandOverForm, NoteForm, OutcomeForm, others
from .page import Wrong, context_of

RESOLVED_ALREADY = "It had been resolved already."

View = Callable[..., HttpResponseBase]


def acting(*rights: str) -> Callable[[View], View]:
    """A view that changes something: by POST, for who may see the conversation and has these
    rights. It gets the conversation itself. A GET, as after a login in between, shows the page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def act(
            self: ReviewPages, request: HttpRequest, conversation_id: uuid.UUID, **more: Any
        ) -> HttpResponseBase:
            if request.method in ("GET", "HEAD"):
                return _back(self.held(request, conversation_id))
            conversation = self.held(request, conversation_id, *rights)
            if request.method != "POST":
                return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
            try:
                if conversation.erased_at:
                    raise InvalidInput(notes.REMOVED)
                return view(self, request, conversation, **more)
            except InvalidInput as refused:
                messages.error(request, str(refused))
                return _back(conversation)

        return act

    return decorate


class ReviewPages(GuardedAdmin[Conversation]):
    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, View] = {
            "markdown": self.markdown,
            "json": self.json,
            "usage": self.usage,
            "flag": self.raise_flag,
            "note": self.write_note,
        }
        on_flags: dict[str, View] = {
            "resolve": self.resolve_flag,
            "hand-over": self.hand_flag_over,
        }
        view, name = self.admin_site.admin_view, "conversations_conversation_{}"
        return [
            *(
                path(f"<uuid:conversation_id>/{each}/", view(act), name=name.format(each))
                for each, act in pages.items()
            ),
            *(
                path(
                    f"<uuid:conversation_id>/flags/<int:flag_id>/{each}/",
                    view(act),
                    name=name.format(f"flag_{each}"),
                )
                for each, act in on_flags.items()
            ),
            *super().get_urls(),
        ]

    def held(self, request: HttpRequest, key: uuid.UUID, *rights: str) -> Conversation:
        if not self.has_view_permission(request) or not all(may(request, one) for one in rights):
            raise PermissionDenied
        return get_object_or_404(Conversation.objects.select_related("owner", "preset"), pk=key)

    # --- the page --------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        conversation = self.get_object(request, unquote(object_id))
        if conversation is None:
            # Django's own way of saying so, as on its other pages.
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        return self.page(request, conversation)

    def page(
        self, request: HttpRequest, conversation: Conversation, wrong: Wrong | None = None
    ) -> HttpResponse:
        if reads(request):
            looks.log(conversation, person_of(request), Look.PAGE)
        shown = context_of(request, conversation, wrong)
        context = {
            **self.admin_site.each_context(request),
            "title": "Review conversation",
            "subtitle": shown["name"],
            "opts": self.opts,
            "original": conversation,
            "has_view_permission": True,
            "preserved_filters": self.get_preserved_filters(request),
            "media": self.media,
            **shown,
        }
        return TemplateResponse(
            request, "admin/conversations/conversation/change_form.html", context
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """It names the conversation by its title."""
        if not reads(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    # --- flags and notes -------------------------------------------------------------------------

    @acting("add_flag")
    def raise_flag(self, request: HttpRequest, conversation: Conversation) -> HttpResponseBase:
        form = FlagForm(conversation, request.POST)
        if "message" in form.errors:
            raise Http404
        if not form.is_valid():
            return self.page(request, conversation, Wrong(form))
        flag = flags.raise_flag(conversation, person_of(request), **form.cleaned_data)
        messages.success(request, "Flagged.")
        return _back(conversation, _place(flag.message))

    @acting("change_flag")
    def resolve_flag(
        self, request: HttpRequest, conversation: Conversation, flag_id: int
    ) -> HttpResponseBase:
        flag = get_object_or_404(conversation.flags, pk=flag_id)
        form = OutcomeForm(request.POST, auto_id=f"flag-{flag.pk}-%s")
        if not form.is_valid():
            return self.page(request, conversation, Wrong(form, flag.pk))
        one = Flag.objects.filter(pk=flag.pk)
        if flags.resolve(one, person_of(request), form.cleaned_data["outcome"]):
            messages.success(request, "Resolved.")
        else:
            messages.warning(request, RESOLVED_ALREADY)
        return _back(conversation, "flags")

    @acting("change_flag")
    def hand_flag_over(
        self, request: HttpRequest, conversation: Conversation, flag_id: int
    ) -> HttpResponseBase:
        flag = get_object_or_404(conversation.flags, pk=flag_id)
        people = others(person_of(request))
        form = HandOverForm(people, request.POST, auto_id=f"flag-{flag.pk}-%s")
        if not form.is_valid():
            return self.page(request, conversation, Wrong(form, flag.pk))
        to, why = form.cleaned_data["reviewer"], form.cleaned_data["why"]
        if flags.hand_over(flag, person_of(request), to, why):
            messages.success(request, f"Handed over to {to.get_username()}.")
        else:
            messages.warning(request, RESOLVED_ALREADY)
        return _back(conversation, "flags")

    @acting("view_transcript", "add_note")
    def write_note(self, request: HttpRequest, conversation: Conversation) -> HttpResponseBase:
        form = NoteForm(request.POST, auto_id="note-%s")
        if not form.is_valid():
            return self.page(request, conversation, Wrong(form))
        notes.write(conversation, person_of(request), form.cleaned_data["text"])
        messages.success(request, "The note is kept.")
        return _back(conversation, "notes")

    # --- to take away ----------------------------------------------------------------------------

    def markdown(self, request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
        conversation = self.held(request, conversation_id, "view_transcript")
        looks.log(conversation, person_of(request), Look.MARKDOWN)
        name = transcripts.file_name(conversation, "md")
        return download(name, "text/markdown", as_markdown(conversation))

    def json(self, request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
        conversation = self.held(request, conversation_id, "view_transcript")
        looks.log(conversation, person_of(request), Look.JSON)
        rights = Rights.of(request)
        written = transcripts.as_json(conversation, flags=rights.see_flags, notes=rights.see_notes)
        return download(transcripts.file_name(conversation, "json"), "application/json", written)

    def usage(self, request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
        """Its calls as the ledger exports them. No title in the name: it is for all who see it."""
        conversation = self.held(request, conversation_id)
        calls = conversation.completions.order_by("pk")
        name = f"usage-{conversation.pk.hex[:8]}"
        return as_csv(calls, name)


def _back(conversation: Conversation, place: str = "") -> HttpResponseBase:
    page = reverse("admin:conversations_conversation_change", args=[conversation.pk])
    return redirect(f"{page}#{place}" if place else page)


def _place(message: Message | None) -> str:
    return f"message-{message.pk}" if message else "flags"
