"""Everything that is stored about one person, as one JSON document written piece by piece.

Every column of every row comes along, but for secrets and for what is made of other columns.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from conversations.models import (
    Alert,
    Allowance,
    Budget,
    BudgetOverride,
    Completion,
    Conversation,
    DayUsage,
    Flag,
    Look,
    Message,
    Note,
    Preset,
    Reservation,
    SetupClaim,
    Spending,
    Summary,
    TranscriptView,
)

from .naming import names_of, names_of_others

FORMAT, VERSION = "chatsite person", 1
ROWS_AT_ONCE = 100
# Secrets, what is rendered from the text, and what only its runner needs.
LEFT_OUT = {
    User: {"password"},
    Message: {"html", "html_version", "run", "beat", "home", "claims"},
}
# What reviewers wrote of other people's chats is about those.
ABOUT_OTHERS = {
    Alert: {"words", "spent"},
    BudgetOverride: {"reason"},
    Flag: {"words", "outcome"},
    Note: {"text"},
}

Row = dict[str, Any]


def file_name(person: User) -> str:
    """Without their name, which may hold anything."""
    return f"person-{person.pk}-{timezone.localdate():%Y-%m-%d}.json"


def note_export(person: User, reader: User | None, reader_name: str) -> None:
    """Say in the log of who read what that all of it is read."""
    TranscriptView.objects.create(
        owner_name=person.username, reader=reader, reader_name=reader_name[:150], how=Look.PERSON
    )


def pieces(person: User) -> Generator[str]:
    """The document. It is read while it is written, row by row."""
    yield _opening(person)
    yield ',\n"conversations": ['
    theirs = Conversation.objects.filter(owner=person).order_by("created_at", "pk")
    for number, conversation in enumerate(theirs.iterator(ROWS_AT_ONCE)):
        yield "\n" if not number else ",\n"
        yield from _conversation(conversation)
    yield "]"
    for name, rows in _lists(person):
        yield f',\n"{name}": '
        yield from _array(rows)
    yield "\n}\n"


def _opening(person: User) -> str:
    account = row_of(person) | {
        "groups": [group.name for group in person.groups.order_by("name")],
        "permissions": sorted(each.codename for each in person.user_permissions.all()),
    }
    head = {"format": FORMAT, "version": VERSION, "made_at": timezone.now(), "account": account}
    return _json(head).removesuffix("}")


def _conversation(conversation: Conversation) -> Iterator[str]:
    yield _json(row_of(conversation)).removesuffix("}")
    messages = conversation.messages.in_order().defer("html")
    lists: dict[str, QuerySet[Any]] = {
        "messages": messages,
        "summaries": Summary.objects.filter(conversation=conversation),
        "flags": Flag.objects.filter(conversation=conversation),
        "notes": Note.objects.filter(conversation=conversation),
        "read_by": TranscriptView.objects.filter(conversation=conversation),
    }
    for name, found in lists.items():
        yield f', "{name}": '
        yield from _array(map(row_of, found.iterator(ROWS_AT_ONCE)))
    yield "}"


def _lists(person: User) -> Iterator[tuple[str, Iterable[Row]]]:
    about: dict[str, QuerySet[Any]] = {
        "presets": Preset.objects.filter(owner=person),
        "calls": Completion.objects.filter(user=person).order_by("pk"),
        "usage_by_day": DayUsage.objects.filter(user=person).order_by("day", "model", "purpose"),
        "spending": Spending.objects.filter(user=person).order_by("begins", "period"),
        "alerts": Alert.objects.filter(spending__user=person).order_by("pk"),
        "held_back": Reservation.objects.filter(user=person).order_by("pk"),
        "allowance": Allowance.objects.filter(user=person),
        "budgets": Budget.objects.filter(person=person),
        "budget_overrides": BudgetOverride.objects.filter(
            Q(person=person) | Q(budget__person=person)
        ),
        "site_set_up": SetupClaim.objects.filter(user=person),
        "all_read_by": _all_read_by(person),
        "admin_log_about": LogEntry.objects.filter(
            content_type__app_label="auth", content_type__model="user", object_id=str(person.pk)
        ),
    }
    for name, found in about.items():
        yield name, map(row_of, found.iterator(ROWS_AT_ONCE))
    acts: dict[str, QuerySet[Any]] = {
        "flags_in_hand": Flag.objects.filter(reviewer=person),
        "flags_raised": Flag.objects.filter(raised_by=person),
        "flags_resolved": Flag.objects.filter(resolved_by=person),
        "notes_written": Note.objects.filter(author=person),
        "transcripts_read": TranscriptView.objects.filter(reader=person),
        "alerts_seen": Alert.objects.filter(seen_by=person),
        "budget_overrides_made": BudgetOverride.objects.filter(made_by=person),
        "admin_log": LogEntry.objects.filter(user=person),
    }
    for name, found in acts.items():
        yield name, (act_of(row) for row in found.iterator(ROWS_AT_ONCE))


def _all_read_by(person: User) -> QuerySet[TranscriptView]:
    """Such a row has no key of whose it is: what they were called then says it."""
    names = names_of(person)
    names -= names_of_others(person, names)
    return TranscriptView.objects.filter(how=Look.PERSON, owner_name__in=names)


def row_of(row: Model) -> Row:
    """Its columns by name; of another row its key."""
    left_out = LEFT_OUT.get(type(row), set())
    fields = (field for field in row._meta.concrete_fields if field.name not in left_out)
    return {field.name: getattr(row, field.attname) for field in fields}


def act_of(row: Model) -> Row:
    """What they did as staff, without what it says of others."""
    hidden = ABOUT_OTHERS.get(type(row), set())
    return {name: value for name, value in row_of(row).items() if name not in hidden}


def _array(rows: Iterable[Row]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield ("\n" if not number else ",\n") + _json(row)
    yield "]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    """Amounts as they are stored, to the last digit; times as ISO 8601."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)
