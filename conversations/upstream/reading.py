"""A whole response body: from bytes, chopped anywhere, to deltas and to how the answer ended."""

import json
from collections.abc import Iterator

from conversations import errors

from .chunks import ChunkReader, Delta
from .failures import NOT_AN_ANSWER, NOT_JSON, TOO_LONG, WEB_PAGE, failure_of
from .redaction import quotable
from .sse import BOM, MAX_EVENT_BYTES, Event, EventParser
from .surrogates import PairJoiner

DONE = "[DONE]"
# What may stand before the first character that tells what a body is.
BLANK = BOM + b" \t\r\n"


class AnswerReader:
    """Fed bytes, yields deltas, and raises where an answer cannot go on.

    Most bodies are an event stream. Some servers answer with one JSON object although a stream
    was asked for, or with an error page under status 200; the first character tells them apart.
    An error is raised only after the deltas of everything before it.
    """

    def __init__(self, max_length: int) -> None:
        """`max_length` is the most text and reasoning to take, in characters."""
        self.call = ChunkReader()
        self.is_done = False
        self._room = max_length
        self._is_blank = True
        self._json: bytearray | None = None
        self._events = EventParser()
        self._text = PairJoiner()
        self._reasoning = PairJoiner()

    @property
    def is_finished(self) -> bool:
        """A finish reason has come: what may still follow is usage."""
        return bool(self.call.finish_reason)

    def feed(self, data: bytes) -> Iterator[Delta]:
        if self.is_done:
            return
        if self._is_blank:
            data = self._sniff(data)
        if self._json is not None:
            self._json += data
            if len(self._json) > MAX_EVENT_BYTES:
                raise errors.ServerFailed(TOO_LONG)
            return
        for event in self._events.feed(data):
            yield from self._read(event)
            if self.is_done:
                return
        if self._events.has_overflowed:
            raise errors.ServerFailed(TOO_LONG)

    def finish(self) -> Iterator[Delta]:
        """The body is complete. Raises CutOff where no finish reason came."""
        if self._json is not None:
            yield from self._take(self.call.read(_parse(bytes(self._json))))
        yield from self.rest()
        if self.is_finished:
            return
        is_other = self._json is not None or self._events.has_stray_text
        if is_other and not (self.call.has_choices or self._events.has_fields):
            raise errors.ServerFailed(NOT_AN_ANSWER)
        raise errors.CutOff

    def rest(self) -> Iterator[Delta]:
        """What had arrived but was not yet yielded; of a body that broke off, too."""
        for event in self._events.flush() if not self.is_done else ():
            if _is_whole(event):
                yield from self._read(event)
        yield from self._take_text(self._text.flush(), self._reasoning.flush())

    def _sniff(self, data: bytes) -> bytes:
        """Decide by the first character; returns what there is to read."""
        data = data.lstrip(BLANK)
        self._is_blank = not data
        if data.startswith(b"<"):
            raise errors.ServerFailed(WEB_PAGE)
        if data.startswith((b"{", b"[")):
            self._json = bytearray()
        return data

    def _read(self, event: Event) -> Iterator[Delta]:
        if event.data.strip() == DONE:
            self.is_done = True
        elif event.name == "error":
            raise _reported(event.data)
        elif event.data.strip() and (not self.is_finished or _is_whole(event)):
            # Once the finish reason is here the answer is whole: nothing garbled can spoil it.
            yield from self._take(self.call.read(_parse(event.data)))

    def _take(self, delta: Delta) -> Iterator[Delta]:
        return self._take_text(self._text.feed(delta.text), self._reasoning.feed(delta.reasoning))

    def _take_text(self, text: str, reasoning: str) -> Iterator[Delta]:
        fits = Delta(text[: self._room], reasoning[: max(self._room - len(text), 0)])
        self._room -= len(text) + len(reasoning)
        if fits.text or fits.reasoning:
            yield fits
        if self._room < 0:
            raise errors.CutOff("The answer grew longer than this site stores.")


def _parse(data: str | bytes) -> object:
    try:
        payload: object = json.loads(data)
    except (ValueError, RecursionError):
        raise errors.ServerFailed(NOT_JSON) from None
    return payload


def _is_whole(event: Event) -> bool:
    """Whether an event is complete, although the stream may have ended in the middle of it."""
    if event.name == "error" or event.data.strip() == DONE:
        return True
    try:
        return isinstance(_parse(event.data), dict)
    except errors.ServerFailed:
        return False


def _reported(data: str) -> errors.UpstreamError:
    """The error of an `event: error`, whose data is a payload or plain words."""
    try:
        return failure_of(_parse(data))
    except errors.ServerFailed:
        return errors.ServerFailed(quotable(data) or NOT_AN_ANSWER)
