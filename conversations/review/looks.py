"""Who read what people said: each reading by staff is a row, whoever's chat it is."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

from conversations.models import Completion, Conversation, Look, TranscriptView


def log(conversation: Conversation, reader: User, how: Look) -> TranscriptView:
    """Before anything is shown, so that nothing is read that was not logged."""
    return _log(conversation, conversation.owner, reader, how)


def log_call(call: Completion, reader: User) -> TranscriptView:
    """What the model saw; a call may have outlived its conversation and its person."""
    return _log(call.conversation, call.user, reader, Look.SEEN)


def of(conversation: Conversation) -> QuerySet[TranscriptView]:
    """The newest first."""
    return TranscriptView.objects.filter(conversation=conversation)


def _log(
    conversation: Conversation | None, owner: User | None, reader: User, how: Look
) -> TranscriptView:
    return TranscriptView.objects.create(
        conversation=conversation,
        conversation_key=conversation.pk if conversation else None,
        owner_name=owner.get_username() if owner else "",
        reader=reader,
        reader_name=reader.get_username(),
        how=how,
    )
