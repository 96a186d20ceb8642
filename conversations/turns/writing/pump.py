"""The calls of one answer: made, read, and made once more where the prompt was too long."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from conversations.errors import (
    ContextLengthExceeded,
    CostUnknown,
    OverBudget,
    Refusal,
    UpstreamError,
)
from conversations.models import Message
from conversations.tokens import Usage
from conversations.upstream import RateLimits, Request, Stream, open_stream

from ..sharing.changes import tell_thread_changed
from ..tasks import patiently
from . import store, summaries
from .arrived import Arrived
from .calls import CallFacts, with_stream
from .endings import end_attempt
from .store import Begun

# Seconds that a call may wait for a database that is away before it is begun.
PATIENCE = 60


class Lost(Exception):
    """Another run has taken over: nothing more may be written."""


class Pump:
    """Puts what comes into `arrived`; `facts` are those of the call under way."""

    def __init__(
        self,
        answer: Message,
        run: uuid.UUID,
        arrived: Arrived,
        when_called: Callable[[], None] | None,
    ) -> None:
        self.facts = CallFacts(is_charged=False)
        # What the provider said of its limits, until somebody has stored it.
        self.limits: RateLimits | None = None
        self.has_more = asyncio.Event()
        self._message, self._answer = answer, answer.pk
        self._conversation = answer.conversation_id
        self._run = run
        self._arrived, self._when_called = arrived, when_called
        self._stood = arrived.size
        self._stream: Stream | None = None

    async def __call__(self) -> None:
        """Raises an UpstreamError where the answer did not come to its end."""
        note = await summaries.write_what_is_due(self._message)
        begun = await patiently(
            f"answer {self._answer}", PATIENCE, store.begin_call, self._answer, self._run, note
        )
        if self._when_called:
            self._when_called()
        try:
            await self._call(begun)
        except ContextLengthExceeded as told:
            if begun is None or not begun.may_be_shortened or self.has_begun:
                raise
            await self._call(await self._begin_shorter(begun, told))

    @property
    def has_begun(self) -> bool:
        """Whether anything of an answer has come: then no call is made again by itself."""
        return self._arrived.size > self._stood

    @property
    def usage(self) -> Usage | None:
        """What the API has told so far of what the call under way takes."""
        return self._stream.usage if self._stream else self.facts.usage

    async def _begin_shorter(self, begun: Begun, told: ContextLengthExceeded) -> Begun | None:
        self.note(told)
        what = f"answer {self._answer}"
        await patiently(what, PATIENCE, end_attempt, self._answer, self._run, self.facts)
        self.facts = CallFacts(is_charged=False)
        shorter = store.begin_shorter_call
        try:
            again = await patiently(
                what, PATIENCE, shorter, self._answer, self._run, begun.draft, told
            )
        except (OverBudget, CostUnknown):
            raise
        except Refusal:
            raise told from None
        if again:
            # The turn now says so.
            await tell_thread_changed(self._conversation, again.changes)
        return again

    def note(self, error: UpstreamError) -> None:
        self.facts = replace(self.facts, error=error.code, error_detail=error.detail[:500])

    async def _call(self, begun: Begun | None) -> None:
        if begun is None:
            raise Lost
        began = time.monotonic()
        try:
            await self._read(begun.request, began)
        finally:
            self.facts = replace(self.facts, duration_ms=_milliseconds_since(began))

    async def _read(self, request: Request, began: float) -> None:
        # From here the provider may work, and charge; a refusal by it says that it did not.
        self.facts = replace(self.facts, is_charged=True)
        try:
            opening = open_stream(request)
            stream = await opening.__aenter__()
        except UpstreamError as error:
            self.facts = replace(self.facts, is_charged=error.may_be_charged)
            raise
        self._stream, self.limits = stream, stream.rate_limits
        try:
            async for delta in stream:
                if self.facts.first_token_ms is None:
                    self.facts = replace(self.facts, first_token_ms=_milliseconds_since(began))
                self._arrived.add(delta.text, delta.reasoning)
                self.has_more.set()
        except UpstreamError as error:
            # A refusal may also come inside a response that began well.
            if not self.has_begun:
                self.facts = replace(self.facts, is_charged=error.may_be_charged)
            raise
        finally:
            self.facts = with_stream(self.facts, stream)
            self._stream = None
            await opening.__aexit__(None, None, None)


def _milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
