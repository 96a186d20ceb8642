"""What a runner reads and writes while it runs; every write only as long as it holds its answer."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from conversations.context import strategy_named
from conversations.errors import ContextLengthExceeded
from conversations.models import Conversation, Message, Status
from conversations.upstream import Request

from .calls import CallFacts, open_call, settle
from .draft import Draft, ask_of, draft_of
from .limits import corrected

NO_SUMMARY = "There is no summary of older messages yet; what does not fit was left out."
SHORTENED = "The provider found it too long at first; more was left out and it was sent again."


@dataclass(frozen=True)
class Held:
    """The answer is still this run's."""

    stop_asked: bool


@dataclass(frozen=True)
class Begun:
    """A call that is about to be made, and the draft that it came from."""

    draft: Draft

    @property
    def request(self) -> Request:
        return self.draft.request

    @property
    def may_be_shortened(self) -> bool:
        return strategy_named(self.draft.context.strategy).bends


def claim(answer: uuid.UUID, run: uuid.UUID) -> bool:
    """Become the runner of a queued answer that nobody has claimed."""
    free = Message.objects.filter(pk=answer, status=Status.QUEUED, run=None)
    return bool(free.update(run=run, beat=Now()))


def running_answer(answer: uuid.UUID) -> Message:
    """With all that building its request needs."""
    related = ("conversation__system_message", "conversation__started_from")
    return Message.objects.select_related(*related).get(pk=answer)


def begin_call(answer_id: uuid.UUID, run: uuid.UUID, note: str = "") -> Begun | None:
    """Open the ledger's row and return the request; None where the answer is held no more.

    Raises a Refusal where something changed since the message was admitted; the row says so.
    """
    answer = running_answer(answer_id)
    return _begin(answer, run, draft_of(ask_of(answer)), note)


def begin_shorter_call(
    answer_id: uuid.UUID, run: uuid.UUID, sent: Draft, told: ContextLengthExceeded
) -> Begun | None:
    """The same once more, with less: by what the provider has told.

    Raises a Refusal where nothing more can be left out.
    """
    answer = running_answer(answer_id)
    limits = corrected(sent.limits, told, sent.context.tokens)
    return _begin(answer, run, draft_of(ask_of(answer), limits).checked(), SHORTENED)


def _begin(answer: Message, run: uuid.UUID, draft: Draft, note: str) -> Begun | None:
    if draft.is_summary_due and not note:
        note = NO_SUMMARY
    with transaction.atomic():
        held = Message.objects.held_by(answer.pk, run)
        if not held.update(status=Status.STREAMING, model=draft.request.model, beat=Now()):
            return None
        call = open_call(draft, answer.conversation, answer=answer, note=note)
        if draft.problem:
            # Nothing is sent; the row has what would have been, and why it was not.
            said = CallFacts(
                is_charged=False, error=draft.problem.code, error_detail=draft.problem.detail
            )
            settle(call, said, 0, 0)
    return Begun(draft.checked())


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
