"""Messages written by hand: examples, corrections, a beginning of one's own."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from conversations import rendering
from conversations.errors import InvalidInput
from conversations.models import Conversation, Message, Origin, ResponseFormat, Role
from conversations.text import storable
from conversations.tokens import count, encoding_name

from .holding import SENT_ELSEWHERE, act, check_is_quiet, hold


@act
def write(
    conversation: Conversation,
    after: Message | None,
    role: str,
    text: str,
    client_id: uuid.UUID | None = None,
) -> tuple[Message, bool]:
    """A message after this one, or at the very start; whatever followed now follows it.

    The thread ends with it only where it ended with `after`. The same client id again changes
    nothing. Raises InvalidInput or AnswerRunning.
    """
    place = after.pk if after else None
    held = hold(conversation)
    if known := known_here(held, client_id):
        return known, False
    check_is_quiet(held, place)
    message = by_hand(held, place, role, text, client_id)
    following = held.messages.in_thread().filter(parent=place).exclude(pk=message.pk)
    following.update(parent=message)
    moved(held, message if held.current_leaf_id == place else held.current_leaf)
    return message, True


def begin(
    conversation: Conversation,
    system_text: str,
    role: str,
    text: str,
    client_id: uuid.UUID,
    examples: Sequence[Mapping[str, str]] = (),
) -> Message:
    """Store a new conversation that begins with these examples and this message.

    The same client id again stores nothing. Raises InvalidInput.
    """
    if known := known_by(conversation, client_id):
        return known
    try:
        with transaction.atomic():
            conversation.save(force_insert=True)
            set_system_message(conversation, system_text)
            for example in examples:
                write(conversation, conversation.current_leaf, example["role"], example["text"])
                conversation.refresh_from_db()
            return write(conversation, conversation.current_leaf, role, text, client_id).message
    except InvalidInput:
        # The same client id at the same moment: the other request was first.
        if known := known_by(conversation, client_id):
            return known
        raise


def by_hand(
    held: Conversation,
    parent: uuid.UUID | None,
    role: str,
    text: str,
    client_id: uuid.UUID | None,
    **fields: Any,
) -> Message:
    text = storable(text)
    if not text.strip():
        raise InvalidInput("Write a message first.")
    if role not in Role.values:
        raise InvalidInput("A message is the user's, the assistant's or a system message.")
    if role == Role.ASSISTANT:
        fields |= _rendered(text, fields.get("response_format", ResponseFormat.TEXT))
    encoding = encoding_name(held.model)
    return Message.objects.create(
        conversation=held,
        owner_id=held.owner_id,
        parent_id=parent,
        role=role,
        origin=Origin.WRITTEN,
        text=text,
        token_counts={encoding: count(text, encoding)},
        client_id=client_id,
        **fields,
    )


def known_by(conversation: Conversation, client_id: uuid.UUID | None) -> Message | None:
    known = Message.objects.filter(owner_id=conversation.owner_id, client_id=client_id)
    return known.first() if client_id else None


def known_here(held: Conversation, client_id: uuid.UUID | None) -> Message | None:
    """Raises InvalidInput where it is known in another conversation."""
    known = known_by(held, client_id)
    if known and known.conversation_id != held.pk:
        raise InvalidInput(SENT_ELSEWHERE)
    return known


def _rendered(text: str, response_format: str) -> dict[str, Any]:
    is_json = response_format != ResponseFormat.TEXT
    html = rendering.render_answer(text, is_json=is_json)
    return {"html": html, "html_version": rendering.RENDERER_VERSION}


def moved(held: Conversation, leaf: Message | None) -> None:
    """The conversation was worked on, and ends here now."""
    held.current_leaf = leaf
    held.active_at = timezone.now()
    held.save(update_fields=["current_leaf", "active_at"])


def set_system_message(conversation: Conversation, text: str) -> None:
    """Point the conversation at a system message of this text; what was sent is kept."""
    text = storable(text)
    current = conversation.system_message
    if text == (current.text if current else ""):
        return
    conversation.system_message = None
    if text.strip():
        encoding = encoding_name(conversation.model)
        conversation.system_message = Message.objects.create(
            conversation=conversation,
            owner_id=conversation.owner_id,
            role=Role.SYSTEM,
            origin=Origin.TYPED,
            text=text,
            token_counts={encoding: count(text, encoding)},
        )
    conversation.save(update_fields=["system_message"])
