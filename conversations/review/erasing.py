"""Erasing everything about one person. Their account stays as a nameless row, so that every
figure of the ledger, of usage and of budgets stays where it is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from conversations.models import Completion, Conversation, Message, Preset
from conversations.turns.writing import store

from .naming import rename
from .removing import Outcome, blank_calls, remove, with_content

PATIENCE = 8.0  # seconds that running answers have to end
PAUSE = 0.1
ROWS_AT_ONCE = 500


class CannotErase(Exception):
    """In words for whoever asked for it."""


@dataclass(frozen=True)
class Holdings:
    """What there is about a person: what goes, and the money that stays.

    `cost` is in USD, as far as it is known; None where there are calls and none of it is.
    """

    conversations: int
    messages: int
    presets: int
    calls: int
    calls_of_unknown_cost: int
    cost: Decimal | None


def holdings_of(person: User) -> Holdings:
    calls = Completion.objects.filter(user=person, ended_at__isnull=False).order_by()
    money = calls.aggregate(
        calls=Count("pk"), unknown=Count("pk", filter=Q(cost=None)), cost=Sum("cost")
    )
    return Holdings(
        conversations=with_content(_conversations(person)).count(),
        messages=Message.objects.filter(conversation__owner=person).count(),
        presets=Preset.objects.filter(owner=person).count(),
        calls=money["calls"],
        calls_of_unknown_cost=money["unknown"],
        cost=money["cost"] if money["calls"] else Decimal(0),
    )


def new_name(person: User) -> str:
    name = f"erased-{person.pk}"
    while User.objects.filter(username=name).exclude(pk=person.pk).exists():
        name += "-"
    return name


def is_erased(person: User) -> bool:
    return not person.is_active and person.username == new_name(person)


def check(person: User) -> None:
    """Raises CannotErase where nobody would be left who is answerable for the site."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_superuser and not others.exists():
        raise CannotErase(f"{person.username} is the only superuser. Make another one first.")


def erase(person: User, patience: float | None = None) -> Holdings:
    """Everything about them but figures, for good; what there was. Again, it does what is left.

    Not in a transaction: answers end in their own. Raises CannotErase; where answers do not end
    within `patience` seconds (PATIENCE), the account is closed by then.
    """
    check(person)
    held = holdings_of(person)
    _close(person)
    _end_answers(person, PATIENCE if patience is None else patience)
    for conversation in with_content(_conversations(person)).values_list("pk", flat=True):
        if remove(conversation, _conversations(person)) is Outcome.BUSY:
            raise CannotErase(_busy(person.username))
    blank_calls(Completion.objects.filter(user=person))
    with transaction.atomic():
        Preset.objects.filter(owner=person).delete()
        rename(person, new_name(person))
    return held


def _conversations(person: User) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner=person)


# --- the account is closed ----------------------------------------------------------------------


def _close(person: User) -> None:
    """Nobody comes in any more; the line lets none of their answers go."""
    with transaction.atomic():
        person.is_active = person.is_staff = person.is_superuser = False
        person.set_unusable_password()
        person.save(update_fields=["is_active", "is_staff", "is_superuser", "password"])
        person.groups.clear()
        person.user_permissions.clear()
        _end_sessions(person)


def _end_sessions(person: User) -> None:
    """Whose a session is stands in what it holds alone."""
    theirs = [
        session.pk
        for session in Session.objects.iterator(ROWS_AT_ONCE)
        if session.get_decoded().get(SESSION_KEY) == str(person.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()


def _end_answers(person: User, patience: float) -> None:
    """Raises CannotErase where one goes on, in whichever process."""
    running = Message.objects.running().filter(conversation__owner=person)
    for answer in running.select_related("conversation").defer("text", "html", "reasoning"):
        store.ask_to_stop(answer.conversation, answer.pk)
        store.cancel(answer.pk)
    end = time.monotonic() + patience
    while running.exists() or Completion.objects.open().filter(user=person).exists():
        if time.monotonic() > end:
            raise CannotErase(_busy(person.username))
        time.sleep(PAUSE)


def _busy(name: str) -> str:
    return (
        f"An answer to {name} is still being written. It was asked to stop, and the account is"
        " closed. Try again in a minute, while the site runs."
    )
