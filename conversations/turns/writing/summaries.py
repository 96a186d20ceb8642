"""Summaries of what is older, written by the model: before they are needed where that can be.

    prepare             after an answer, in the background: nobody waits
    write_what_is_due   before a call: the answer waits; without one it goes on and says so

In a process one summary of a conversation is written at a time, whoever asked for it first.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from asgiref.sync import ThreadSensitiveContext
from django.db import transaction
from django.utils import timezone

from conversations import accounting, line
from conversations.context import Context, Digest, Entry, Piece, State
from conversations.context.exchanges import exchanges_of
from conversations.context.strategies import summary
from conversations.context.strategies.summary import wanted
from conversations.errors import ChatError, Unexpected
from conversations.models import Completion, Conversation, Message, ModelPrice, Purpose, Summary
from conversations.threads import path_to
from conversations.tokens import PER_REPLY
from conversations.upstream import Request

from ..drafting.draft import Draft, ask_of, is_fresh_start
from ..drafting.limits import Limits, limits_of
from ..drafting.material import Ask, covers, gather, literal
from ..tasks import in_database, own, patiently
from . import store
from .asides import PATIENCE, aside
from .calls import open_call

log = logging.getLogger(__name__)

INSTRUCTION = (
    "Summarise everything above for yourself, so that you can go on without it: what was asked,"
    " found and decided, and what is still open, with every name, number and fact that matters."
    " Write only the summary, in the language of the conversation."
)
EARLIER = "Earlier summary, to be kept and extended:"
# How a summary ends that can be used; some servers give no reason.
WHOLE = ("stop", "")
# Tokens of a summary; a model that thinks aloud may take as many as for an answer.
LONGEST = 2_000
# A thread that is many times as long as the model reads is summarised piece by piece.
MOST_ROUNDS = 20
# After one that failed, so long none is tried.
PAUSE = timedelta(minutes=10)
# Before the mark is reached, from this share of it on, a summary is prepared.
EARLY = 0.75

FAILED = "The summary of older messages could not be written. {why} What does not fit was left out."


@dataclass(frozen=True)
class Job:
    """A summary that is to be written: the call, and what it will hold for."""

    thread: Conversation
    draft: Draft
    through: uuid.UUID
    covers: str
    previous: Digest | None


def job_for(ask: Ask, share: float = 1.0) -> Job | None:
    """The next summary that this thread wants; None where it wants none."""
    price = accounting.price_of(ask.model_asked)
    answer_limits = limits_of(price, ask.conversation.max_tokens)
    material = gather(ask, answer_limits)
    want = wanted(material, share)
    if want is None:
        return None
    longest = answer_limits.max_tokens if price and price.is_reasoning else LONGEST
    limits = limits_of(price, min(longest, answer_limits.max_tokens))
    context, through = _context(ask, limits, material.system, want)
    if context is None or through is None:
        return None
    end = next(at for at, piece in enumerate(material.path, start=1) if piece.id == through)
    draft = _draft(ask, context, limits, price)
    return Job(ask.thread, draft, through, covers(material.path[:end]), want.previous)


def _context(
    ask: Ask, limits: Limits, system: Piece | None, want: summary.Wanted
) -> tuple[Context | None, uuid.UUID | None]:
    """As many whole exchanges as one call reads, after what is already summarised."""
    head = [system] if system else []
    if want.previous:
        head.append(literal(f"{EARLIER}\n\n{want.previous.text}", ask.encoding, "system"))
        head[-1] = replace(head[-1], summary=want.previous.id)
    closing = literal(INSTRUCTION, ask.encoding)
    tokens = PER_REPLY + sum(piece.weight for piece in (*head, closing))
    chosen: list[Piece] = []
    for exchange in exchanges_of(want.pieces):
        weight = sum(piece.weight for piece in exchange)
        if tokens + weight > limits.prompt:
            break
        tokens += weight
        chosen += exchange
    last = next((piece.id for piece in reversed(chosen) if piece.id), None)
    if last is None:
        return None, None
    entries = tuple(Entry(piece, State.SENT) for piece in (*head, *chosen, closing))
    return Context(entries, tokens, strategy=summary.STRATEGY.name), last


def _draft(ask: Ask, context: Context, limits: Limits, price: ModelPrice | None) -> Draft:
    request = Request(
        model=ask.model_asked,
        messages=context.messages,
        max_tokens=limits.max_tokens,
        is_reasoning=bool(price and price.is_reasoning),
    )
    return Draft(request, context, limits, price)


# --- writing one ------------------------------------------------------------------------------

_being_written: dict[uuid.UUID, asyncio.Task[str]] = {}


async def write_what_is_due(answer: Message) -> str:
    """Before this answer's call; what went wrong in words, or nothing."""
    # Most answers want none, and are spared the reading of their thread.
    if not _wants_summaries(answer.conversation) and not is_fresh_start(answer):
        return ""
    for _ in range(MOST_ROUNDS):
        job = await patiently(f"answer {answer.pk}", PATIENCE, _job_for_answer, answer.pk)
        if job is None:
            break
        if problem := await _write(job, _open):
            return FAILED.format(why=problem)
    return ""


def prepare(conversation: Conversation) -> None:
    """In the background, for the message that may come next."""
    if _wants_summaries(conversation):
        own(_prepare(conversation.pk), f"summary of {conversation.pk}")


def _wants_summaries(conversation: Conversation) -> bool:
    return conversation.strategy == summary.STRATEGY.name


async def _prepare(conversation: uuid.UUID) -> None:
    async with ThreadSensitiveContext():
        job = await in_database(_job_for_next, conversation)
    if job and await _write(job, _open_if_idle):
        # Its words may be the provider's, which may quote a person's: they stand in the ledger.
        log.warning("conversation %s: no summary was written", conversation)


async def _write(job: Job, opened: Callable[[Job], Completion | None]) -> str:
    """One at a time; who comes while one is written waits for that one."""
    key = job.thread.pk
    if key not in _being_written:
        task = own(_call_and_store(job, opened), f"summary {key}")
        _being_written[key] = task
        task.add_done_callback(lambda _: _being_written.pop(key, None))
    # Who asked for it may be stopped; it is paid for and will be of use.
    return await asyncio.shield(_being_written[key])


async def _call_and_store(job: Job, opened: Callable[[Job], Completion | None]) -> str:
    try:
        async with ThreadSensitiveContext():
            call = await in_database(opened, job)
            if call is None:
                return ""
            text, finish_reason = await aside(call, job.draft.request)
            if not text.strip():
                return "The model wrote nothing."
            if finish_reason not in WHOLE:
                return "It was cut off."
            await patiently("a summary", PATIENCE, _store, job, call, text)
    except ChatError as error:
        return str(error)
    except Exception:
        log.exception("conversation %s: a summary failed", job.thread.pk)
        return str(Unexpected())
    return ""


def _job_for_answer(answer_id: uuid.UUID) -> Job | None:
    ask = ask_of(store.running_answer(answer_id))
    return None if _has_just_failed(ask.thread) else job_for(ask)


def _job_for_next(conversation_id: uuid.UUID) -> Job | None:
    found = Conversation.objects.select_related("system_message").filter(pk=conversation_id)
    conversation = found.first()
    if conversation is None or _has_just_failed(conversation):
        return None
    path = path_to(conversation, conversation.current_leaf_id)
    return job_for(Ask(conversation, conversation, path), EARLY)


def _has_just_failed(thread: Conversation) -> bool:
    """The newest try led to nothing: the next one waits, or every message would pay for one."""
    tries = thread.completions.filter(purpose=Purpose.SUMMARY, ended_at__isnull=False)
    newest = tries.select_related("summary").first()
    since = timezone.now() - PAUSE
    return newest is not None and not hasattr(newest, "summary") and newest.created_at > since


def _open(job: Job) -> Completion:
    """For an answer that has been let go: the summary is part of its turn.

    Raises OverBudget or CostUnknown.
    """
    account = accounting.account_of(job.thread.owner_id)
    with transaction.atomic():
        call = open_call(job.draft, job.thread, account, purpose=Purpose.SUMMARY)
        accounting.reserve(account, job.draft.worst_case, completion=call)
    return call


def _open_if_idle(job: Job) -> Completion | None:
    """For later: it takes nobody's place, and can be written when it is needed."""
    with transaction.atomic():
        # The conversation before the gate, as everybody locks them.
        Conversation.objects.select_for_update(no_key=True).get(pk=job.thread.pk)
        return _open(job) if line.is_idle() else None


def _store(job: Job, call: Completion, text: str) -> None:
    Summary.objects.create(
        conversation=job.thread,
        through_id=job.through,
        previous_id=job.previous.id if job.previous else None,
        text=text.strip(),
        covers_sha256=job.covers,
        call=call,
    )
