"""What is stored for a turn: a question, and an answer that waits to be written."""

import uuid

from django.utils import timezone

from conversations import line, threads
from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import (
    Conversation,
    Message,
    Origin,
    ResponseFormat,
    Role,
    Standing,
    Status,
)
from conversations.tokens import count, encoding_name

from .drafting.affording import hold as hold_back
from .drafting.draft import FRESH_OPENING, ask_of, draft_of
from .sharing import others


def hold(conversation: Conversation) -> Conversation:
    """The conversation, locked until the transaction ends, with no answer running in it."""
    held = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    threads.check_is_there(held)
    if held.messages.running().exists():
        raise AnswerRunning
    return held


def leave(held: Conversation, old: Message) -> None:
    """Go from this message's branch to a new version of it; stepping back leads where one was."""
    threads.step_to(held, old)
    Message.objects.filter(pk=old.pk).update(last_leaf=held.current_leaf_id)


def store_question(
    held: Conversation,
    parent: uuid.UUID | None,
    text: str,
    client_id: uuid.UUID,
    standing: str = Standing.FREE,
) -> Message:
    """Raises InvalidInput where there are no words."""
    if not text.strip():
        raise InvalidInput("Write a message first.")
    encoding = encoding_name(held.model)
    return Message.objects.create(
        conversation=held,
        owner_id=held.owner_id,
        parent_id=parent,
        role=Role.USER,
        origin=Origin.TYPED,
        text=text,
        token_counts={encoding: count(text, encoding)},
        client_id=client_id,
        standing=standing,
    )


def queue_answer(
    held: Conversation,
    question: Message | None,
    client_id: uuid.UUID | None = None,
    model: str = "",
    *,
    is_summary: bool = False,
    max_tokens: int | None = None,
) -> Message:
    """`is_summary` is the one that a fresh start begins with: from there on it is always sent.
    `max_tokens` is the answer's own limit.
    """
    answer = Message(
        conversation=held,
        owner_id=held.owner_id,
        parent=question,
        role=Role.ASSISTANT,
        origin=Origin.SUMMARY if is_summary else Origin.GENERATED,
        status=Status.QUEUED,
        text=FRESH_OPENING if is_summary else "",
        standing=Standing.PINNED if is_summary else Standing.FREE,
        model=model or held.model,
        response_format=ResponseFormat.TEXT if is_summary else held.response_format,
        client_id=client_id,
        max_tokens=max_tokens,
    )
    return queue(held, answer)


def queue(held: Conversation, answer: Message) -> Message:
    """Store a queued answer at the end of the thread, if it may be sent. Raises a Refusal."""
    draft = draft_of(ask_of(answer)).checked()
    answer.expected_tokens = draft.context.tokens + draft.limits.max_tokens
    answer.queued_at = line.enter(held.owner_id, answer.pk)
    answer.not_before, answer.wait, answer.failure, answer.claims = None, "", "", 0
    answer.home, answer.beat = others.PROCESS, answer.queued_at
    answer.save()
    hold_back(draft, answer)
    held.current_leaf = answer
    held.active_at = timezone.now()
    held.save(update_fields=["current_leaf", "active_at"])
    held.changes = Conversation.objects.note_change(held.pk)
    answer.conversation = held
    return answer
