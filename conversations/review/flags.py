"""Flags: raised, taken, handed over, resolved. Whoever is first to resolve one has resolved it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from conversations.errors import InvalidInput
from conversations.models import Conversation, Flag, FlagReason, Message, Note

from . import notes

# What it takes to read a conversation and to settle a flag of it.
RIGHTS_OF_A_REVIEWER = ("view_conversation", "view_transcript", "change_flag")
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def reviewers() -> QuerySet[User]:
    """Staff whom a flag can be handed over to, by name."""
    people = User.objects.filter(is_staff=True).order_by("username")
    for right in RIGHTS_OF_A_REVIEWER:
        able = User.objects.with_perm(f"conversations.{right}", backend=_BACKEND)
        people = people.filter(pk__in=able)
    return people


def raise_flag(
    conversation: Conversation,
    by: User,
    reason: FlagReason,
    words: str = "",
    message: Message | None = None,
) -> Flag:
    """The same once more, as a button pressed twice asks for, is the same flag. Raises
    InvalidInput where the conversation's content was removed.
    """
    same = Flag.objects.filter(
        conversation=conversation, message=message, reason=reason, words=words, raised_by=by
    )
    with notes.adding_to(conversation):
        return same.unresolved().first() or Flag.objects.create(
            conversation=conversation,
            message=message,
            reason=reason,
            words=words,
            raised_by=by,
            raised_by_name=by.get_username(),
        )


def raise_for_all(
    conversations: Iterable[Conversation], by: User, reason: FlagReason, words: str = ""
) -> int:
    """How many were flagged: all whose content was not removed."""
    count = 0
    for each in conversations:
        with suppress(InvalidInput):
            raise_flag(each, by, reason, words)
            count += 1
    return count


def take(flags: QuerySet[Flag], by: User) -> int:
    """Make unresolved flags one's own; how many."""
    return flags.filter(resolved_at=None).update(reviewer=by)


def resolve(flags: QuerySet[Flag], by: User, outcome: str) -> int:
    """Resolve those that are unresolved; how many. What is resolved stays as it is."""
    return flags.filter(resolved_at=None).update(
        resolved_at=timezone.now(),
        resolved_by=by,
        resolved_by_name=by.get_username(),
        outcome=outcome,
    )


def hand_over(flag: Flag, by: User, to: User, why: str) -> Note | None:
    """Make an unresolved flag somebody else's, and leave a note of it; None if it is resolved.
    Raises InvalidInput where the conversation's content was removed.
    """
    with notes.adding_to(flag.conversation):
        if not Flag.objects.filter(pk=flag.pk, resolved_at=None).update(reviewer=to):
            return None
        what = f"the flag “{flag.get_reason_display()}”"
        text = f"Handed {what} over to {to.get_username()}: {why}"
        return notes.write(flag.conversation, by, text)
