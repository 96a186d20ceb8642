"""How an answer ends: once, with everything that belongs to it in one transaction."""

import logging
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from conversations import accounting, json_mode, rendering
from conversations.models import Completion, Conversation, Message, ResponseFormat, Status
from conversations.tokens import count, encoding_name

from ..drafting.draft import FRESH_OPENING, is_fresh_start
from ..tasks import AWAY
from . import chronicle
from .calls import CallFacts, open_call_of, settle

log = logging.getLogger(__name__)

JSON_CUT_OFF = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


@dataclass(frozen=True)
class Ending:
    """`text` and `reasoning` are the whole answer's, what an earlier call wrote included."""

    status: Status
    text: str
    reasoning: str = ""
    call: CallFacts = field(default_factory=CallFacts)
    # Why it failed without a call: an error's code; and when there may be one.
    failure: str = ""
    not_before: datetime | None = None


def end_answer(answer: Message, run: uuid.UUID, ending: Ending) -> int:
    """Write the one ending of an answer; the number of this change of its conversation, or nought
    where this run no longer holds it.

    Rendering and counting come first: they may take long, and a transaction should not.
    """
    if is_fresh_start(answer) and ending.text == FRESH_OPENING:
        # The model has written nothing, and these words alone are no summary.
        ending = replace(ending, text="")
    encoding = encoding_name(answer.model)
    call = open_call_of(answer.pk)
    html = rendering.render_answer(ending.text, is_json=answer.is_json)
    tokens, reasoning_tokens = _written(call, ending, encoding)
    with transaction.atomic():
        lock_conversation_of(answer.pk)
        ended = Message.objects.held_by(answer.pk, run).update(
            status=ending.status,
            text=ending.text,
            reasoning=ending.reasoning,
            html=html,
            html_version=rendering.RENDERER_VERSION,
            format_problem=_format_problem(answer, call, ending),
            failure=ending.failure,
            not_before=ending.not_before,
            token_counts={encoding: count(ending.text, encoding)},
            ended_at=Now(),
            beat=Now(),
        )
        if not ended:
            return 0
        _settle_money(answer, call, ending.call, (tokens, reasoning_tokens))
        chronicle.tell_turn(answer.pk)
        return Conversation.objects.note_change(answer.conversation_id)


def _settle_money(
    answer: Message, call: Completion | None, facts: CallFacts, written: tuple[int, int]
) -> None:
    """Figures that cannot be booked keep no words from being stored: the call stays open, and the
    sweep tries it again.
    """
    try:
        with transaction.atomic():
            accounting.release(answer)
            if call:
                _settle_once(call, facts, *written)
    except AWAY:
        raise
    except Exception:
        log.exception("answer %s: its call could not be settled; a sweep tries again", answer.pk)


def lock_conversation_of(answer: uuid.UUID) -> bool:
    """Before its answer's row, as everybody locks them; False where there is no such answer."""
    where = Message.objects.filter(pk=answer).values("conversation_id")
    held = Conversation.objects.select_for_update(no_key=True).filter(pk__in=where)
    return held.only("pk").first() is not None


def end_attempt(answer: uuid.UUID, run: uuid.UUID, facts: CallFacts) -> None:
    """Settle a call that led to nothing, while the answer goes on with another one."""
    with transaction.atomic():
        lock_conversation_of(answer)
        call = open_call_of(answer)
        if call and Message.objects.held_by(answer, run).exists():
            _settle_once(call, facts, 0, 0)


def _settle_once(call: Completion, facts: CallFacts, tokens: int, reasoning_tokens: int) -> None:
    """Only as long as it is open, whoever else comes to settle it."""
    held = Completion.objects.open().filter(pk=call.pk).select_for_update().first()
    if held:
        settle(held, facts, tokens, reasoning_tokens)


def _written(call: Completion | None, ending: Ending, encoding: str) -> tuple[int, int]:
    """Tokens of text and of reasoning that this call wrote."""
    text_begin = call.text_begin if call else 0
    reasoning_begin = call.reasoning_begin if call else 0
    return (
        count(ending.text[text_begin:], encoding),
        count(ending.reasoning[reasoning_begin:], encoding),
    )


def _format_problem(answer: Message, call: Completion | None, ending: Ending) -> str:
    if answer.response_format == ResponseFormat.TEXT or not ending.text:
        return ""
    asked = call.parameters.get("response_format", {}) if call else {}
    schema = asked.get("json_schema", {}).get("schema")
    is_cut_off = ending.status in JSON_CUT_OFF or ending.call.finish_reason == "length"
    return json_mode.problem_of(ending.text, answer.response_format, schema, is_cut_off)
