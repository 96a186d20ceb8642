"""What the page of one conversation shows, by what its reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from conversations.models import Conversation, Flag
from conversations.review import looks
from conversations.text import one_line

from ..amounts import in_words
from ..rights import Rights, person_of
from .costs import costs_of
from .forms import FlagForm, HandOverForm, NoteForm, OutcomeForm, others
from .parameters import parameters_of
from .readings import read

READERS_SHOWN = 20
TITLE_SHOWN = 80  # characters


@dataclass(frozen=True)
class Wrong:
    """A form that was not accepted, to be shown again with the words typed; and whose flag's."""

    form: forms.Form
    flag: int | None = None


@dataclass(frozen=True)
class FlagRow:
    """`turn` is the number of the message that it is about, None for the whole conversation."""

    flag: Flag
    turn: int | None
    resolving: OutcomeForm
    handing: HandOverForm


def name_of(conversation: Conversation, *, with_words: bool) -> str:
    """Its title; its id for who may not read it."""
    if not with_words:
        return str(conversation.pk)
    return one_line(conversation.title, TITLE_SHOWN) or "(no title)"


def context_of(
    request: HttpRequest, conversation: Conversation, wrong: Wrong | None
) -> dict[str, Any]:
    may = Rights.of(request).on(conversation)
    flags = list(conversation.flags.select_related("reviewer")) if may.see_flags else []
    reading = read(conversation, flags)
    numbers = {str(entry.turn.message.pk): entry.number for entry in reading.entries}
    rows = _rows(flags, numbers, request, wrong) if flags else []
    is_own = conversation.owner_id == request.user.pk and conversation.deleted_at is None
    return {
        "may": may,
        "name": name_of(conversation, with_words=may.read),
        "reading": reading,
        "costs": costs_of(reading),
        "cost": in_words(conversation.cost, conversation.calls, conversation.calls_of_unknown_cost),
        "parameters": parameters_of(conversation, with_words=may.read),
        "is_own": is_own,
        "unresolved": [row for row in rows if row.flag.resolved_at is None],
        "resolved": [row for row in rows if row.flag.resolved_at],
        "notes": conversation.notes.all() if may.see_notes else [],
        "readers": looks.of(conversation)[:READERS_SHOWN] if may.see_readers else [],
        "is_wrong": wrong is not None,
        **_forms(request, conversation, numbers, wrong),
    }


def _rows(
    flags: list[Flag], numbers: dict[str, int], request: HttpRequest, wrong: Wrong | None
) -> list[FlagRow]:
    people = others(person_of(request))
    rows = []
    for flag in flags:
        given = wrong.form if wrong and wrong.flag == flag.pk else None
        resolving = OutcomeForm(auto_id=f"flag-{flag.pk}-%s")
        handing = HandOverForm(people, auto_id=f"flag-{flag.pk}-%s")
        rows.append(
            FlagRow(
                flag,
                numbers.get(str(flag.message_id)),
                given if isinstance(given, OutcomeForm) else resolving,
                given if isinstance(given, HandOverForm) else handing,
            )
        )
    return rows


def _forms(
    request: HttpRequest, conversation: Conversation, numbers: dict[str, int], wrong: Wrong | None
) -> dict[str, Any]:
    """One form for a flag, however many turns there are: a browser takes a minute for thousands.
    The address says of which turn it is; what is none of this conversation's is passed over.
    """
    form = wrong.form if wrong else None
    asked = request.GET.get("flag", "")
    flag_form = (
        form
        if isinstance(form, FlagForm)
        else FlagForm(conversation, initial={"message": asked if asked in numbers else None})
    )
    about = str(flag_form["message"].value() or "")
    turn = f"turn #{numbers[about]}" if about in numbers else "the system message"
    return {
        "flag_form": flag_form,
        "flag_about": about,
        "flag_name": f"Flag {turn if about else 'the whole conversation'}",
        "page_address": reverse("admin:conversations_conversation_change", args=[conversation.pk]),
        "note_form": form if isinstance(form, NoteForm) else NoteForm(auto_id="note-%s"),
    }
