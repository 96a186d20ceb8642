"""The door: a message and its queued answer are stored together, or nothing is."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from django.contrib.auth.models import AbstractBaseUser

from conversations import threads
from conversations.errors import InvalidInput, ThreadMoved
from conversations.models import (
    Beginning,
    Conversation,
    Message,
    Role,
    Standing,
    Status,
    title_from,
)

from .drafting.draft import is_fresh_start
from .once import Admitted, Wish, admitted_by, known, once
from .queueing import hold, leave, queue, queue_answer, store_question
from .sweeps import end_dead_answers


def admit(user: AbstractBaseUser, conversation: Conversation, wish: Wish) -> Admitted:
    """Store a message and its queued answer.

    The same client id again stores nothing and returns what it led to the first time. Raises a
    Refusal; then nothing was stored.
    """
    return _admit(user, conversation, wish.client_id, lambda: _store(conversation, wish))


def admit_first(
    user: AbstractBaseUser,
    conversation: Conversation,
    system_text: str,
    wish: Wish,
    examples: Sequence[Mapping[str, str]] = (),
) -> Admitted:
    """The same, for a conversation that is stored with its first message; `examples` are messages
    that it begins with, as if written by hand.
    """

    def store() -> Admitted:
        conversation.title = title_from(wish.text)
        conversation.save(force_insert=True)
        threads.set_system_message(conversation, system_text)
        for example in examples:
            after = conversation.current_leaf
            threads.write(conversation, after, Role(example["role"]), example["text"])
            conversation.refresh_from_db()
        return _store(conversation, replace(wish, parent=conversation.current_leaf_id))

    return once(user, lambda: known(user, wish.client_id), store)


def admit_edit(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    text: str,
    client_id: uuid.UUID,
    max_tokens: int | None = None,
) -> Admitted:
    """Store another version of a person's message, with its queued answer."""

    def store() -> Admitted:
        held = hold(conversation)
        if old.role != Role.USER or old.is_deleted:
            raise InvalidInput("Only your own messages can be sent as another version.")
        leave(held, old)
        # What was always sent is so in its new version; an excluded one is asked again to be sent.
        standing = Standing.PINNED if old.standing == Standing.PINNED else Standing.FREE
        question = store_question(held, old.parent_id, text, client_id, standing)
        answer = queue_answer(held, question, max_tokens=max_tokens)
        return Admitted(question, answer, True)

    return _admit(user, conversation, client_id, store)


def admit_retry(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    client_id: uuid.UUID,
    model: str = "",
    max_tokens: int | None = None,
) -> Admitted:
    """Store another answer as a sibling of the old one, by the same model or another."""

    def store() -> Admitted:
        held = hold(conversation)
        if old.role != Role.ASSISTANT or not (old.parent or is_fresh_start(old)):
            raise InvalidInput("Only an answer to a message can be tried again.")
        leave(held, old)
        answer = queue_answer(
            held,
            old.parent,
            client_id,
            model,
            is_summary=is_fresh_start(old),
            max_tokens=max_tokens,
        )
        return Admitted(old.parent or answer, answer, True)

    return _admit(user, conversation, client_id, store)


def admit_answer(
    user: AbstractBaseUser,
    conversation: Conversation,
    question: Message,
    client_id: uuid.UUID,
    max_tokens: int | None = None,
) -> Admitted:
    """Store an answer to a person's message that ends the thread without one."""

    def store() -> Admitted:
        held = hold(conversation)
        if question.role != Role.USER:
            raise InvalidInput("Only a person's message can be answered.")
        if question.pk != held.current_leaf_id:
            raise ThreadMoved
        answer = queue_answer(held, question, client_id, max_tokens=max_tokens)
        return Admitted(question, answer, True)

    return _admit(user, conversation, client_id, store)


def admit_continuation(
    user: AbstractBaseUser,
    conversation: Conversation,
    answer: Message,
    client_id: uuid.UUID,
    max_tokens: int | None = None,
) -> Admitted:
    """Queue an answer once more, to go on after the text that it has."""

    def first() -> Admitted | None:
        found = Message.objects.filter(owner_id=user.pk, pk=answer.pk).first()
        return admitted_by(found) if found and str(client_id) in found.continue_ids else None

    def store() -> Admitted:
        held = hold(conversation)
        found = Message.objects.select_related("parent").get(pk=answer.pk)
        if not found.is_answer or not found.text or found.is_deleted or is_fresh_start(found):
            raise InvalidInput("Only an answer with text can be continued.")
        if found.children.exists():
            raise InvalidInput("The thread goes on after this answer. Try it again instead.")
        threads.step_to(held, found)
        found.status, found.run, found.stop_asked = Status.QUEUED, None, False
        found.ended_at, found.token_counts = None, {}
        found.continue_ids = [*found.continue_ids, str(client_id)]
        found.model, found.max_tokens = found.model or held.model, max_tokens
        return Admitted(found.parent or found, queue(held, found), True)

    end_dead_answers(conversation)
    return once(user, first, store)


def admit_fresh_start(
    user: AbstractBaseUser,
    conversation: Conversation,
    client_id: uuid.UUID,
    max_tokens: int | None = None,
) -> Admitted:
    """Store a new conversation that begins with a summary of this one, and queue the summary."""

    def store() -> Admitted:
        held = hold(conversation)
        if held.current_leaf_id is None:
            raise InvalidInput("There is nothing to begin anew from.")
        fresh = Conversation.objects.create(
            owner_id=held.owner_id,
            title=held.title,
            started_from=held,
            beginning=Beginning.FRESH_START,
            preset=held.preset,
            **held.parameters(),
        )
        system = held.system_message
        threads.set_system_message(fresh, system.text if system else "")
        answer = queue_answer(fresh, None, client_id, is_summary=True, max_tokens=max_tokens)
        return Admitted(answer, answer, True)

    end_dead_answers(conversation)
    return once(user, lambda: known(user, client_id), store)


def _admit(
    user: AbstractBaseUser,
    conversation: Conversation,
    client_id: uuid.UUID,
    store: Callable[[], Admitted],
) -> Admitted:
    end_dead_answers(conversation)
    admitted = once(user, lambda: known(user, client_id), store)
    # A client id is one person's, not one conversation's; but it is asked about here.
    if admitted.answer.conversation_id != conversation.pk:
        raise InvalidInput("This message was already sent in another chat.")
    return admitted


def _store(conversation: Conversation, wish: Wish) -> Admitted:
    held = hold(conversation)
    if wish.parent != held.current_leaf_id:
        raise ThreadMoved
    question = store_question(held, held.current_leaf_id, wish.text, wish.client_id)
    answer = queue_answer(held, question, max_tokens=wish.max_tokens)
    return Admitted(question, answer, True, is_at_end=True)
