"""Removing what was said in a conversation, for good. What it cost stays, to the last figure.

The conversation's row stays with its totals and its calls. A call's record keeps lengths, hashes,
tokens and states: that so much was sent, and what became of it, can still be looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from conversations.models import Completion, Conversation, Flag, Message, Note, Summary

# What stands where words were.
REMOVED = "(removed)"


class Outcome(StrEnum):
    """What became of a conversation whose content was to be removed."""

    REMOVED = "removed"
    BUSY = "busy"  # an answer or a call is under way in it
    KEPT = "kept"  # it was brought back meanwhile, or another process was first


def due(now: datetime | None = None) -> QuerySet[Conversation]:
    """Those that their people deleted so long ago that their content goes."""
    before = (now or timezone.now()) - timedelta(days=settings.KEEP_DELETED_DAYS)
    return with_content(Conversation.objects.filter(deleted_at__lte=before))


def with_content(among: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Also those whose removal broke off, or in which a request that came late left something."""
    left = Q(erased_at=None) | Q(title=REMOVED)
    for words in (Message, Note, Flag):
        left |= Q(Exists(words._default_manager.filter(conversation=OuterRef("pk"))))
    return among.filter(left)


def remove(conversation: uuid.UUID, among: QuerySet[Conversation]) -> Outcome:
    """Remove its content, as long as it is one of these once its row is locked."""
    with transaction.atomic():
        locked = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation)
        if not locked.only("pk").first() or not among.filter(pk=conversation).exists():
            return Outcome.KEPT
        held = Conversation.objects.get(pk=conversation)
        if held.messages.running().exists() or held.completions.open().exists():
            return Outcome.BUSY
        _remove(held)
    # Outside: a long conversation's records take seconds, and SQLite has one writer at a time.
    blank_calls(Completion.objects.filter(conversation=conversation))
    Conversation.objects.filter(pk=conversation, title=REMOVED).update(title="")
    return Outcome.REMOVED


def _remove(held: Conversation) -> None:
    """All but the words in its calls; until those are gone, too, the title says so."""
    Note.objects.filter(conversation=held).delete()
    Flag.objects.filter(conversation=held).delete()
    Summary.objects.filter(conversation=held).delete()
    Message.objects.filter(conversation=held).delete()
    now = timezone.now()
    Conversation.objects.filter(pk=held.pk).update(
        title=REMOVED,
        stop=[],
        json_schema=None,
        preset=None,
        system_message=None,
        current_leaf=None,
        deleted_at=held.deleted_at or now,
        erased_at=held.erased_at or now,
    )


# --- calls ------------------------------------------------------------------------------------


def blank_calls(calls: QuerySet[Completion]) -> None:
    """Take the words out of the ledger's rows, and leave every figure."""
    calls.exclude(error_detail="", context_note="").update(error_detail="", context_note="")
    for call in _holding(calls, "context", "literal"):
        record = _record_without_words(call.context)
        Completion.objects.filter(pk=call.pk).update(context=record)
    for call in _holding(calls, "parameters", "stop", "response_format"):
        parameters = _parameters_without_words(call.parameters)
        Completion.objects.filter(pk=call.pk).update(parameters=parameters)


def _holding(calls: QuerySet[Completion], column: str, *keys: str) -> Iterator[Completion]:
    """Those alone whose JSON has one of these keys: most have none, and a record is long."""
    written = calls.order_by("pk").annotate(written=Cast(column, TextField()))
    has_one = reduce(or_, (Q(written__contains=f'"{key}"') for key in keys))
    # One by one, since a record is long and nothing is held open between two writes.
    for pk in list(written.filter(has_one).values_list("pk", flat=True)):
        yield Completion.objects.only(column).get(pk=pk)


def _record_without_words(record: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: entry[key] for key in entry if key != "literal"} for entry in record]


def _parameters_without_words(parameters: dict[str, Any]) -> dict[str, Any]:
    left = dict(parameters)
    if stop := left.get("stop"):
        left["stop"] = [REMOVED] * (len(stop) if isinstance(stop, list) else 1)
    form = left.get("response_format")
    if isinstance(form, dict) and "json_schema" in form:
        left["response_format"] = form | {"json_schema": REMOVED}
    return left
