"""The door: a message and its queued answer are stored together, or nothing is."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import threads
from conversations.errors import AnswerRunning, InvalidInput, Refusal, ThreadMoved, TooBusy
from conversations.models import (
    Conversation,
    Message,
    Origin,
    Role,
    Status,
    title_from,
)
from conversations.tokens import count, encoding_name

from . import live
from .draft import make_draft
from .sweeps import end_dead_answers


@dataclass(frozen=True)
class Admitted:
    """What a request led to, now or when it was first made."""

    question: Message
    answer: Message
    is_new: bool


@dataclass(frozen=True)
class Wish:
    """A message as somebody wants to send it, after this message of the thread."""

    text: str
    client_id: uuid.UUID
    parent: uuid.UUID | None = None


def admit(user: AbstractBaseUser, conversation: Conversation, wish: Wish) -> Admitted:
    """Store a message and its queued answer.

    The same client id again stores nothing and returns what it led to the first time. Raises a
    Refusal; then nothing was stored.
    """
    end_dead_answers(conversation)
    return _same(conversation, _once(user, wish.client_id, lambda: _store(conversation, wish)))


def admit_first(
    user: AbstractBaseUser, conversation: Conversation, system_text: str, wish: Wish
) -> Admitted:
    """The same, for a conversation that is stored with its first message."""

    def store() -> Admitted:
        conversation.title = title_from(wish.text)
        conversation.save(force_insert=True)
        threads.set_system_message(conversation, system_text)
        return _store(conversation, wish)

    return _once(user, wish.client_id, store)


def admit_retry(
    user: AbstractBaseUser, conversation: Conversation, old: Message, client_id: uuid.UUID
) -> Admitted:
    """Store another answer to the same message, as a sibling of the old one."""

    def store() -> Admitted:
        held = _hold(conversation)
        if old.role != Role.ASSISTANT or old.parent is None:
            raise InvalidInput("Only an answer to a message can be tried again.")
        make_draft(held, threads.path_to(held, old.parent_id))
        threads.switch_to(held, old)
        held.refresh_from_db()
        return Admitted(old.parent, _queue_answer(held, old.parent, client_id), True)

    end_dead_answers(conversation)
    return _same(conversation, _once(user, client_id, store))


def _once(user: AbstractBaseUser, client_id: uuid.UUID, store: Callable[[], Admitted]) -> Admitted:
    if known := _known(user, client_id):
        return known
    try:
        with transaction.atomic():
            return store()
    except (IntegrityError, Refusal):
        # The same client id at the same moment: the other request was first.
        if known := _known(user, client_id):
            return known
        raise


def _same(conversation: Conversation, admitted: Admitted) -> Admitted:
    """A client id is one person's, not one conversation's; but it is asked about here."""
    if admitted.answer.conversation_id != conversation.pk:
        raise InvalidInput("This message was already sent in another chat.")
    return admitted


def _known(user: AbstractBaseUser, client_id: uuid.UUID) -> Admitted | None:
    found = Message.objects.filter(owner_id=user.pk, client_id=client_id).first()
    if found is None:
        return None
    if found.role == Role.ASSISTANT and found.parent is not None:
        return Admitted(found.parent, found, False)
    return Admitted(found, found.children.in_order()[0], False)


def _hold(conversation: Conversation) -> Conversation:
    """The conversation, locked until the transaction ends, with no answer running in it."""
    held = Conversation.objects.select_for_update().get(pk=conversation.pk)
    if held.messages.running().exists():
        raise AnswerRunning
    return held


def _store(conversation: Conversation, wish: Wish) -> Admitted:
    held = _hold(conversation)
    if wish.parent != held.current_leaf_id:
        raise ThreadMoved
    if not wish.text.strip():
        raise InvalidInput("Write a message first.")
    make_draft(held, threads.path_to(held, held.current_leaf_id), wish.text)
    encoding = encoding_name(held.model)
    question = Message.objects.create(
        conversation=held,
        owner_id=held.owner_id,
        parent_id=held.current_leaf_id,
        role=Role.USER,
        origin=Origin.TYPED,
        text=wish.text,
        token_counts={encoding: count(wish.text, encoding)},
        client_id=wish.client_id,
    )
    return Admitted(question, _queue_answer(held, question, None), True)


def _queue_answer(held: Conversation, question: Message, client_id: uuid.UUID | None) -> Message:
    if len(live.running()) >= settings.MAX_RUNNING_ANSWERS:
        raise TooBusy
    answer = Message.objects.create(
        conversation=held,
        owner_id=held.owner_id,
        parent=question,
        role=Role.ASSISTANT,
        origin=Origin.GENERATED,
        status=Status.QUEUED,
        model=held.model,
        client_id=client_id,
    )
    held.current_leaf = answer
    held.active_at = timezone.now()
    held.save(update_fields=["current_leaf", "active_at"])
    return answer
