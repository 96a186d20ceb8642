"""A person's conversations: the list, finding one, naming it, deleting it and taking that back."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from conversations.forms import RenameForm
from conversations.models import Conversation
from conversations.text import one_line

from .shell import invalid, own_conversation, person

ROWS = 40
MOST_PAGES = 250


@dataclass(frozen=True)
class Group:
    heading: str
    conversations: Sequence[Conversation]


@dataclass(frozen=True)
class Sidebar:
    groups: Sequence[Group]
    more_url: str
    query: str
    deleted: Conversation | None = None


def sidebar_of(user: User, query: str, pages: int, deleted: Conversation | None = None) -> Sidebar:
    """The newest conversations, 40 to a page, grouped by when they were last used."""
    query = one_line(query, 200)
    found = Conversation.objects.owned_by(user).recent_first()
    if query:
        matches = Q(title__icontains=query) | Q(messages__text__icontains=query)
        found = found.filter(pk__in=found.filter(matches).order_by().values("pk"))
    size = ROWS * max(1, min(pages, MOST_PAGES))
    rows = list(found.only("id", "title", "active_at", "owner_id")[: size + 1])
    more = f"{reverse('sidebar')}?{urlencode({'q': query, 'page': pages + 1})}"
    return Sidebar(_groups(rows[:size]), more if len(rows) > size else "", query, deleted)


def _groups(rows: Sequence[Conversation]) -> list[Group]:
    today = timezone.localdate()
    return [
        Group(heading, list(members))
        for heading, members in groupby(
            rows, lambda row: heading_for(timezone.localdate(row.active_at), today)
        )
    ]


def heading_for(day: date, today: date) -> str:
    age = today - day
    if age <= timedelta(0):
        return "Today"
    if age == timedelta(days=1):
        return "Yesterday"
    if age <= timedelta(days=7):
        return "Previous 7 days"
    if age <= timedelta(days=30):
        return "Previous 30 days"
    return f"{day:%B %Y}"


@require_GET
def sidebar(request: HttpRequest) -> HttpResponse:
    pages = request.GET.get("page", "1")
    rows = sidebar_of(
        person(request),
        request.GET.get("q", ""),
        int(pages) if pages.isdecimal() and len(pages) < 5 else 1,
    )
    return _rows(request, rows)


@require_POST
def rename(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversation = own_conversation(request, conversation_id)
    form = RenameForm(request.POST)
    if not form.is_valid():
        return invalid(request, form)
    here = Conversation.objects.filter(pk=conversation.pk, erased_at=None)
    here.update(title=form.cleaned_data["title"])
    return _rows(request, sidebar_of(person(request), "", 1))


@require_POST
def delete(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """At once, and kept: it can be taken back, and its money stays in the ledger."""
    conversation = _here_or_deleted(request, conversation_id)
    here = Conversation.objects.filter(pk=conversation.pk, deleted_at=None)
    here.update(deleted_at=timezone.now())
    return _rows(request, sidebar_of(person(request), "", 1, deleted=conversation))


@require_POST
def restore(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversation = _here_or_deleted(request, conversation_id)
    # Its content may be removed at this very moment.
    if not Conversation.objects.filter(pk=conversation.pk, erased_at=None).update(deleted_at=None):
        raise Http404
    return _rows(request, sidebar_of(person(request), "", 1))


def _here_or_deleted(request: HttpRequest, conversation_id: uuid.UUID) -> Conversation:
    """What is asked again, since the first answer was lost, is answered like the first time."""
    theirs = Conversation.objects.filter(owner=person(request), erased_at=None)
    return get_object_or_404(theirs, pk=conversation_id)


def _rows(request: HttpRequest, rows: Sidebar) -> HttpResponse:
    current = request.headers.get("HX-Current-URL", "")
    context = {"sidebar": rows, "current_url": current, "conversation": None}
    return render(request, "conversations/_sidebar_rows.html", context)
