"""What a runner reads and writes while it runs; every write only as long as it holds its answer."""

import uuid
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Now

from conversations import accounting, line
from conversations.context import strategy_named
from conversations.errors import (
    ContextLengthExceeded,
    QueueTimedOut,
    UpstreamError,
)
from conversations.models import Completion, Conversation, Message, Purpose, Status
from conversations.tokens import Usage
from conversations.upstream import Request

from ..drafting.affording import funded
from ..drafting.draft import Draft, ask_of, draft_of
from ..drafting.limits import again, corrected
from ..sharing import others
from .calls import CallFacts, note_usage, open_call, open_call_of, settle
from .endings import Ending, end_answer, end_attempt, lock_conversation_of
from .retrying import hold_again, wait_before_retry

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
    # The number of this change of its conversation, where open pages must hear of it.
    changes: int = 0

    @property
    def request(self) -> Request:
        return self.draft.request

    def checked(self) -> Self:
        """Raises the Refusal for which it cannot be sent."""
        self.draft.checked()
        return self

    @property
    def may_be_shortened(self) -> bool:
        return strategy_named(self.draft.context.strategy).bends


def answer_of(taken: line.Taken) -> Message | None:
    """None where its run holds it no more, or nobody does."""
    held = Message.objects.held_by(taken.answer, taken.run)
    return held.select_related("conversation").first()


def running_answer(answer: uuid.UUID) -> Message:
    """With all that building its request needs."""
    related = ("conversation__system_message", "conversation__started_from")
    return Message.objects.select_related(*related).get(pk=answer)


def begin_call(answer_id: uuid.UUID, run: uuid.UUID, note: str = "") -> Begun | None:
    """Open the ledger's row and return the request; None where the answer is held no more.

    Raises a Refusal where something changed since the message was admitted; the row says so.
    """
    answer = running_answer(answer_id)
    ask = ask_of(answer)
    draft = draft_of(ask)
    # Only one that waited for another try has had a call.
    shorter = _shortened_call_of(answer) if answer.wait else None
    if shorter is None:
        begun = _begin(answer, run, draft, note)
    else:
        # The whole would be found too long again.
        limits = again(draft.limits, shorter.estimated_prompt_tokens, shorter.parameters)
        begun = _begin(answer, run, draft_of(ask, limits), SHORTENED)
    return begun and begun.checked()


def _shortened_call_of(answer: Message) -> Completion | None:
    """The newest of this request that was sent with less, and then failed for another reason."""
    since = answer.queued_at or answer.created_at
    calls = answer.completions.filter(purpose=Purpose.ANSWER, created_at__gte=since)
    shorter = calls.filter(context_note__startswith=SHORTENED)
    return shorter.defer("context").order_by("pk").last()


def begin_shorter_call(
    answer_id: uuid.UUID, run: uuid.UUID, sent: Draft, told: ContextLengthExceeded
) -> Begun | None:
    """The same once more, with less: by what the provider has told.

    Raises a Refusal where nothing more can be left out.
    """
    answer = running_answer(answer_id)
    limits = corrected(sent.limits, told, sent.context.tokens)
    draft = draft_of(ask_of(answer), limits).checked()
    with transaction.atomic():
        begun = _begin(answer, run, draft, SHORTENED)
        if begun is None:
            return None
        changes = Conversation.objects.note_change(answer.conversation_id)
    return replace(begun, changes=changes).checked()


def _begin(answer: Message, run: uuid.UUID, draft: Draft, note: str) -> Begun | None:
    """What came of it is stored before anybody is told that it cannot be sent."""
    if draft.is_summary_due and not note:
        note = NO_SUMMARY
    with transaction.atomic():
        lock_conversation_of(answer.pk)
        held = Message.objects.held_by(answer.pk, run)
        begun = {"status": Status.STREAMING, "model": draft.request.model, "claims": 0}
        if not held.update(**begun, beat=Now()):
            return None
        # There is one already where the database broke just as it took this.
        call = open_call_of(answer.pk)
        if call is None:
            draft, account = funded(draft, answer)
            call = open_call(draft, answer.conversation, account, answer=answer, note=note)
            accounting.attach(answer, call)
        if draft.problem:
            # Nothing is sent; the row has what would have been, and why it was not.
            said = CallFacts(
                is_charged=False, error=draft.problem.code, error_detail=draft.problem.detail
            )
            settle(call, said, 0, 0)
    return Begun(draft)


def requeue(answer_id: uuid.UUID, run: uuid.UUID, facts: CallFacts, error: UpstreamError) -> bool:
    """Back into the line after a call that failed before its first token, to be called again.

    False where it is not to be: the time for retries is over, or it shall stop, or is held no
    more.
    """
    held = Message.objects.held_by(answer_id, run).filter(stop_asked=False)
    with transaction.atomic():
        if not lock_conversation_of(answer_id):
            return False
        answer = held.select_for_update().annotate(now=Now()).first()
        if answer is None:
            return False
        now: datetime = answer.now  # type: ignore[attr-defined] # annotated
        wait = wait_before_retry(answer, now, error)
        if wait is None:
            return False
        end_attempt(answer_id, run, facts)
        hold_again(answer)
        held.update(
            status=Status.QUEUED,
            run=None,
            home=others.PROCESS,
            beat=Now(),
            not_before=now + timedelta(seconds=wait),
            wait=error.code,
        )
    return True


def give_back(answer_id: uuid.UUID, run: uuid.UUID, *, is_lost: bool = False) -> bool:
    """To the line, for the next process; False where it was called already, or shall stop.

    `is_lost` where something is wrong with it: then this time counts.
    """
    held = Message.objects.held_by(answer_id, run).filter(status=Status.QUEUED, stop_asked=False)
    claims = F("claims") if is_lost else Greatest(F("claims") - 1, 0)
    return bool(held.update(run=None, home=None, claims=claims))


def cancel(answer_id: uuid.UUID) -> int:
    """End one that stands in line as stopped; the number of this change of its conversation, or
    nought where it does not stand there, or does no more.
    """
    run = uuid.uuid4()
    if not Message.objects.in_line().filter(pk=answer_id).update(run=run, beat=Now()):
        return 0
    return end_stopped(line.Taken(answer_id, run))


def end_stopped(taken: line.Taken) -> int:
    """End one as stopped before it was called; the number of this change."""
    answer = running_answer(taken.answer)
    return end_answer(answer, taken.run, Ending(Status.STOPPED, answer.text, answer.reasoning))


def give_up(taken: line.Taken) -> int:
    """End one that stood in line, for the reason that was found there; the number of this change."""
    answer = running_answer(taken.answer)
    ending = Ending(
        Status.FAILED,
        answer.text,
        answer.reasoning,
        failure=taken.failure or QueueTimedOut.code,
        not_before=taken.until,
    )
    return end_answer(answer, taken.run, ending)


def flush(
    answer: uuid.UUID, run: uuid.UUID, text: str, reasoning: str, usage: Usage | None = None
) -> Held | None:
    """Store the partial text and what it is said to take; None where the answer is held no more."""
    with transaction.atomic() if usage else nullcontext():
        held = _touch(answer, run, text=text, reasoning=reasoning)
        if held and usage:
            note_usage(answer, usage)
    return held


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
