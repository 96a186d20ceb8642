"""Notes: reviewers' words to each other about a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import transaction

from conversations.errors import InvalidInput
from conversations.models import Conversation, Note

REMOVED = "The conversation's content was removed: nothing is written about it any more."


@contextmanager
def adding_to(conversation: Conversation) -> Iterator[None]:
    """A transaction in which its content is not removed. Raises InvalidInput where it was before:
    a reviewer's words would stay for good.
    """
    with transaction.atomic():
        rows = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk)
        held = rows.only("erased_at").first()
        if held is None or held.erased_at:
            raise InvalidInput(REMOVED)
        yield


def write(conversation: Conversation, author: User, text: str) -> Note:
    """Raises InvalidInput where the conversation's content was removed."""
    with adding_to(conversation):
        return Note.objects.create(
            conversation=conversation, author=author, author_name=author.get_username(), text=text
        )
