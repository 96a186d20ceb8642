"""The names of an account that is erased: what it is called, what it was called before, and every
place to which these were copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet

from conversations.models import Alert, BudgetOverride, Flag, Note, TranscriptView
from conversations.text import one_line

ALERT_NAME = 60  # characters of a name in an alert
HAS_SPENT = " has spent "  # after the name in an alert

Write = Callable[[str], str]

# Where somebody's name was copied to, and whose it is.
_NAMES: tuple[tuple[type[Model], str, str], ...] = (
    (Flag, "raised_by_name", "raised_by"),
    (Flag, "resolved_by_name", "resolved_by"),
    (Note, "author_name", "author"),
    (TranscriptView, "owner_name", "conversation__owner"),
    (TranscriptView, "reader_name", "reader"),
    (BudgetOverride, "person_name", "person"),
    (BudgetOverride, "made_by_name", "made_by"),
)


def rename(person: User, new: str) -> None:
    names = names_of(person)
    alone = names - names_of_others(person, names)
    for model, name, whose in _NAMES:
        theirs = Q(**{whose: person}) | Q(**{f"{whose}__isnull": True, f"{name}__in": alone})
        model._default_manager.filter(theirs).exclude(**{name: ""}).update(**{name: new})
    _rename_in_words(person, _writer(names, new), _writer(alone, new))
    _rename_in_notes(alone, new)
    person.username, person.first_name, person.last_name, person.email = new, "", "", ""
    person.last_login = None
    person.save(update_fields=["username", "first_name", "last_name", "email", "last_login"])


def names_of(person: User) -> set[str]:
    """What they are called, and were: by the copies that a key says are theirs."""
    found = {person.username}
    for model, name, whose in _NAMES:
        theirs = model._default_manager.filter(**{whose: person}).order_by()
        found.update(theirs.values_list(name, flat=True).distinct())
    found.update(_log_of(person).values_list("object_repr", flat=True))
    for words in Alert.objects.filter(spending__user=person).values_list("words", flat=True):
        name, has_spent, _ = words.partition(HAS_SPENT)
        found.add(name if has_spent else "")
    # "NAME, a month": whose a budget is never changes.
    theirs_alone = BudgetOverride.objects.filter(budget__person=person)
    for words in theirs_alone.values_list("budget_words", flat=True):
        found.add(words.rpartition(", ")[0])
    return found - {""}


def names_of_others(person: User, names: set[str]) -> set[str]:
    """A name that was given up may be another's by now."""
    others = User.objects.exclude(pk=person.pk).filter(username__in=names)
    return set(others.values_list("username", flat=True))


def _log_of(person: User) -> QuerySet[LogEntry]:
    account = ContentType.objects.get_for_model(User)
    return LogEntry.objects.filter(content_type=account, object_id=str(person.pk))


def _rename_in_words(person: User, write: Write, write_alone: Write) -> None:
    """Sentences that name them: about their budgets and spending, and the admin's own log.

    `write_alone` leaves be what is another's name by now: those may tell of that one.
    """
    overrides = BudgetOverride.objects.filter(Q(person=person) | Q(budget__person=person))
    _rewrite(overrides, ("budget_words",), write)
    _rewrite(overrides, ("reason",), write_alone)
    _rewrite(Alert.objects.filter(spending__user=person), ("words",), write)
    _rewrite(_log_of(person), ("object_repr",), write)
    _rewrite(_log_of(person), ("change_message",), write_alone)
    ours = LogEntry.objects.filter(content_type__app_label="conversations")
    _rewrite(ours, ("object_repr", "change_message"), write_alone)


def _rename_in_notes(names: set[str], new: str) -> None:
    """What handing a flag over leaves behind, also at other people's conversations."""
    for name in names:
        handed, written = f" over to {name}: ", f" over to {new}: "
        for note in Note.objects.filter(text__contains=handed):
            Note.objects.filter(pk=note.pk).update(text=note.text.replace(handed, written))


def _rewrite(rows: Iterable[Any], columns: tuple[str, ...], write: Write) -> None:
    for row in rows:
        before = {column: getattr(row, column) for column in columns}
        after = {column: write(words) for column, words in before.items()}
        if after != before:
            type(row)._default_manager.filter(pk=row.pk).update(**after)


def _writer(names: set[str], new: str) -> Write:
    """Each name as a word of its own, also as it is cut in an alert."""
    written = names | {one_line(name, ALERT_NAME) for name in names}
    either = "|".join(re.escape(name) for name in sorted(written, key=len, reverse=True))
    # What else may stand in a username; a full stop may end a sentence.
    word = re.compile(rf"(?<![\w@.+-])(?:{either})(?![\w@+-]|\.[\w@+-])")
    return lambda words: word.sub(lambda _: new, words)
