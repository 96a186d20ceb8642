"""A call that no page watches: a summary. Its row in the ledger is settled however it ends."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations.errors import ChatError, CutOff, TimedOut, UpstreamError
from conversations.models import RUNNING, Completion, Purpose
from conversations.text import storable
from conversations.tokens import count, encoding_name
from conversations.upstream import Request, open_stream

from ..tasks import patiently
from .arrived import Arrived
from .calls import CallFacts, settle, with_stream

log = logging.getLogger(__name__)

# Seconds; an answer may be waiting for it.
LONGEST = 120
# Seconds that its row waits for a database that is away.
PATIENCE = 60


async def aside(call: Completion, request: Request) -> tuple[str, str]:
    """The whole text and the finish reason. Raises an UpstreamError; then the call is settled all the same."""
    reading = _Reading()
    began = time.monotonic()
    error: ChatError | None = None
    try:
        async with asyncio.timeout(LONGEST):
            await reading.read(request)
    except TimeoutError:
        error = TimedOut(f"It took longer than {LONGEST} s.")
    except UpstreamError as upstream_error:
        error = upstream_error
    finally:
        # Also where the process ends in the middle of it.
        said = error or (None if reading.is_whole else CutOff())
        facts = replace(
            reading.facts,
            duration_ms=round((time.monotonic() - began) * 1000),
            error=said.code if said else "",
            error_detail=said.detail[:500] if said else "",
        )
        await patiently(
            "a summary's row",
            PATIENCE,
            _settle,
            call.pk,
            facts,
            reading.arrived.text,
            reading.arrived.reasoning,
        )
    if error:
        raise error
    return storable(reading.arrived.text), reading.facts.finish_reason


class _Reading:
    def __init__(self) -> None:
        self.arrived = Arrived()
        self.facts = CallFacts()
        self.is_whole = False

    async def read(self, request: Request) -> None:
        try:
            async with open_stream(request) as stream:
                try:
                    async for delta in stream:
                        self.arrived.add(delta.text, delta.reasoning)
                finally:
                    self.facts = with_stream(self.facts, stream)
        except UpstreamError as error:
            if not self.arrived.size:
                self.facts = replace(self.facts, is_charged=error.may_be_charged)
            raise
        self.is_whole = True


def end_lost_asides(before: datetime | None = None) -> int:
    """Settle those that nobody makes any more: all from before a moment, or those that took
    longer than any may. How many there were.
    """
    moment = before or Now() - timedelta(seconds=2 * LONGEST)
    lost = Completion.objects.open().filter(created_at__lt=moment)
    asides = lost.exclude(purpose=Purpose.ANSWER)
    # An answer's call is settled with its ending; where that found nobody, the money remains.
    orphans = Completion.objects.open().filter(purpose=Purpose.ANSWER)
    orphans = orphans.filter(Q(message=None) | ~Q(message__status__in=RUNNING))
    calls = [*asides.values_list("pk", flat=True), *orphans.values_list("pk", flat=True)]
    return sum(_settle_or_log(call) for call in calls)


def _settle_or_log(call: int) -> bool:
    """One that cannot be settled keeps no other from it."""
    try:
        _settle(call, CallFacts(error=CutOff.code), *_written(call))
    except Exception:
        log.exception("call %d could not be settled; the next sweep tries again", call)
        return False
    return True


def _written(call_id: int) -> tuple[str, str]:
    """Text and reasoning that this call wrote into its answer, as far as they were stored."""
    call = Completion.objects.select_related("message").defer("context").get(pk=call_id)
    if call.message is None or call.purpose != Purpose.ANSWER:
        return "", ""
    return call.message.text[call.text_begin :], call.message.reasoning[call.reasoning_begin :]


def _settle(call_id: int, facts: CallFacts, text: str, reasoning: str) -> None:
    with transaction.atomic():
        call = Completion.objects.open().filter(pk=call_id).select_for_update().first()
        if call:
            encoding = encoding_name(call.model)
            settle(call, facts, count(text, encoding), count(reasoning, encoding))
