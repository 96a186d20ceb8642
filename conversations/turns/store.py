"""What a runner reads and writes while it runs; every write only as long as it holds its answer."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from conversations import threads
from conversations.models import Completion, Conversation, Message, Status
from conversations.upstream import Request

from .draft import make_draft


@dataclass(frozen=True)
class Held:
    """The answer is still this run's."""

    stop_asked: bool


def claim(answer: uuid.UUID, run: uuid.UUID) -> bool:
    """Become the runner of a queued answer that nobody has claimed."""
    free = Message.objects.filter(pk=answer, status=Status.QUEUED, run=None)
    return bool(free.update(run=run, beat=Now()))


def begin_call(answer_id: uuid.UUID, run: uuid.UUID) -> Request | None:
    """Open the ledger's row and return the request; None where the answer is held no more.

    Raises DoesNotFit where settings changed since the message was admitted.
    """
    answer = Message.objects.select_related("conversation__system_message").get(pk=answer_id)
    conversation = answer.conversation
    path = threads.path_to(conversation, answer.parent_id)
    draft = make_draft(conversation, path)
    body = draft.request.body()
    with transaction.atomic():
        held = Message.objects.held_by(answer_id, run)
        if not held.update(status=Status.STREAMING, model=draft.request.model, beat=Now()):
            return None
        Completion.objects.create(
            message=answer,
            conversation=conversation,
            user_id=conversation.owner_id,
            model=draft.request.model,
            parameters={name: value for name, value in body.items() if name != "messages"},
            context=draft.context.record(),
            context_sha256=draft.context.sha256(),
            estimated_prompt_tokens=draft.context.tokens,
            reserved=draft.worst_case,
        )
    return draft.request


def flush(answer: uuid.UUID, run: uuid.UUID, text: str, reasoning: str) -> Held | None:
    """Store the partial text; None where the answer is held no more."""
    return _touch(answer, run, text=text, reasoning=reasoning)


def beat(answer: uuid.UUID, run: uuid.UUID) -> Held | None:
    """Say that this run lives; None where the answer is held no more."""
    return _touch(answer, run)


def _touch(answer: uuid.UUID, run: uuid.UUID, **changes: str) -> Held | None:
    held = Message.objects.held_by(answer, run)
    if not held.update(beat=Now(), **changes):
        return None
    return Held(Message.objects.filter(pk=answer, stop_asked=True).exists())


def ask_to_stop(conversation: Conversation, answer: uuid.UUID) -> bool:
    """Ask whoever runs it; True where it was still running."""
    asked = conversation.messages.running().filter(pk=answer)
    return bool(asked.update(stop_asked=True))
