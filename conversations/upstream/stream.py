"""An answer as it arrives, read within its time limits.

The body is read here and not by the SDK, whose typed objects take most of the time that a relay
takes.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings

from conversations.errors import TimedOut, UpstreamError
from conversations.tokens import Usage

from .chunks import Delta
from .deadlines import Deadline, Deadlines
from .failures import failure_from
from .rate_limits import RateLimits, rate_limits_in
from .reading import AnswerReader

if TYPE_CHECKING:
    import httpx2


class Stream:
    """An answer as it arrives: iterate it once.

    What is known of the call can be read meanwhile and afterwards, also when the iteration
    ended with an error.
    """

    def __init__(self, response: "httpx2.Response", deadlines: Deadlines) -> None:
        self.first_token_seconds: float | None = None  # since the request began
        # What the response's headers tell of the provider's limits; None: nothing.
        self.rate_limits: RateLimits | None = rate_limits_in(response.headers)
        self._body = response.aiter_bytes()
        self._deadlines = deadlines
        self._reader = AnswerReader(settings.MAX_ANSWER_LENGTH)
        self._deltas: Iterator[Delta] = iter(())
        self._loop = asyncio.get_running_loop()
        self._has_given_way = False
        self._is_over = False

    @property
    def id(self) -> str:
        return self._reader.call.id

    @property
    def model(self) -> str:
        return self._reader.call.model

    @property
    def fingerprint(self) -> str:
        return self._reader.call.fingerprint

    @property
    def created(self) -> int | None:
        """Seconds since 1970, by the provider's clock."""
        return self._reader.call.created

    @property
    def finish_reason(self) -> str:
        """The provider's word for why the answer ended; "" as long as it gave none."""
        return self._reader.call.finish_reason

    @property
    def refused(self) -> bool:
        """Whether some of the text is the model's refusal."""
        return self._reader.call.refused

    @property
    def usage(self) -> Usage | None:
        return self._reader.call.usage

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Delta:
        # Silence counts from when someone listens: a reader may take its time.
        since, stage = self._loop.time(), self._stage()
        while True:
            delta = self._next_delta()
            if delta:
                await self._give_way()
                return delta
            if self._is_over:
                raise StopAsyncIteration
            if stage != self._stage():
                since, stage = self._loop.time(), self._stage()
            await self._read_on(self._deadline(since))

    def _next_delta(self) -> Delta | None:
        try:
            delta = next(self._deltas, None)
        except UpstreamError:
            self._is_over = True
            raise
        if delta and self.first_token_seconds is None:
            self.first_token_seconds = self._loop.time() - self._deadlines.began
        return delta

    async def _give_way(self) -> None:
        """Let others run, unless they just did: while data is buffered, reading never waits."""
        if not self._has_given_way:
            await asyncio.sleep(0)
        self._has_given_way = False

    def _note_turn(self) -> None:
        self._has_given_way = True

    def _stage(self) -> tuple[bool, bool]:
        return self._reader.is_finished, self._reader.is_done

    def _deadline(self, since: float) -> Deadline:
        if self._reader.is_done:
            return self._deadlines.of_end(since)
        if self._reader.is_finished:
            return self._deadlines.of_usage(since)
        if self.first_token_seconds is None:
            return self._deadlines.of_first_token()
        return self._deadlines.of_next_token(since)

    async def _read_on(self, deadline: Deadline) -> None:
        if self._loop.time() >= deadline.at:
            self._end_late(deadline)
            return
        self._has_given_way = False
        self._loop.call_soon(self._note_turn)  # runs if the loop does
        timer = asyncio.timeout_at(deadline.at)
        try:
            async with timer:
                self._deltas = self._reader.feed(await anext(self._body))
        except StopAsyncIteration:
            self._end(self._reader.finish())
        except Exception as exception:
            if timer.expired():
                self._end_late(deadline)
            elif failure := failure_from(exception):
                self._end(self._broken_by(failure))
            else:
                raise
        if not self._has_given_way:
            await asyncio.sleep(0)

    def _end(self, last_deltas: Iterator[Delta]) -> None:
        self._is_over = True
        self._deltas = last_deltas

    def _end_late(self, deadline: Deadline) -> None:
        missed = deadline.words
        self._end(self._broken_by(TimedOut(missed)) if missed else self._reader.rest())

    def _broken_by(self, failure: UpstreamError) -> Iterator[Delta]:
        """A failure after the finish reason costs nothing but the usage figures."""
        yield from self._reader.rest()
        if not self._reader.is_finished:
            raise failure

    async def close(self) -> None:
        await self._body.aclose()
