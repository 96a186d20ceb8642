"""An honest provider that keeps a diary: what it was asked, and when it wrote which word.

A question says what its answer shall be: "otter 200 words 0.01 s". The first word names it, so
that calls are found again; a call to continue goes on after the words that it was given.
"""

import asyncio
import itertools
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.client.words import piece_of, text_of
from tests.upstream.scripts import Recorded, Response, Step, content, done, event, finish, usage
from tests.upstream_server import UpstreamServer

ASKED = re.compile(r"(\S+) (\d+) words ([\d.]+) s")
_names = itertools.count(1)


def question(words: int, pause: float = 0.0, name: str = "") -> str:
    """A message whose answer has so many words, with a pause after each, in seconds."""
    return f"{name or f'q{next(_names)}'} {words} words {pause:.4f} s"


def name_of(text: str) -> str:
    return text.split()[0]


@dataclass(eq=False)
class Call(Step):
    """One call, answered as it was asked for. `written` has a moment and the characters by then;
    moments are in seconds of `time.monotonic`.
    """

    name: str
    words: range
    pause: float
    request: Recorded
    diary: "Provider"
    written: list[tuple[float, int]] = field(default_factory=list)
    began: float | None = None
    ended: float | None = None

    async def play(self, response: Response) -> None:
        self.began, size = time.monotonic(), 0
        try:
            for number in self.words:
                piece = piece_of(number)
                size += len(piece)
                await event(content(piece)).play(response)
                self.written.append((time.monotonic(), size))
                await self.diary.hold(self, number)
                if self.pause:
                    await asyncio.sleep(self.pause)
            for last in (finish(), usage(10, len(self.words))):
                await event(last).play(response)
            await done().play(response)
        finally:
            self.ended = time.monotonic()

    def seconds_between(self, characters: int, moment: float) -> float:
        """How long it takes to write what was written after so many characters and before this
        moment, if only the pauses count."""
        return self.pause * sum(size > characters and at < moment for at, size in self.written)


class Provider(UpstreamServer):
    """`first` may answer in place of the honest one: given a call, steps or None."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.calls: list[Call] = []
        self.first: Callable[[Call], Sequence[Any] | None] = lambda call: None
        self._gates: dict[str, tuple[int, threading.Event]] = {}
        self.default = self._answer

    def clear(self) -> None:
        self.reset()
        self.calls.clear()
        self.first = lambda call: None
        self._gates.clear()
        self.default = self._answer

    def hold_after(self, name: str, words: int) -> threading.Event:
        """Answers of this name stop after so many words until the event is set."""
        opened = threading.Event()
        self._gates[name] = (words, opened)
        return opened

    def calls_of(self, text: str) -> list[Call]:
        return [call for call in self.calls if call.name == name_of(text)]

    def _answer(self, request: Recorded) -> Sequence[Any]:
        call = self._call(request)
        self.calls.append(call)
        return self.first(call) or [call]

    def _call(self, request: Recorded) -> Call:
        asked = [one["content"] for one in request.messages if one["role"] == "user"]
        found = next(filter(None, (ASKED.match(text) for text in reversed(asked))), None)
        assert found, f"nobody asks like this: {asked[-1:]}"
        # What is to be continued stands after the question.
        last = max(n for n, one in enumerate(request.messages) if ASKED.match(one["content"]))
        given = [one for one in request.messages[last:] if one["role"] == "assistant"]
        written = len(given[-1]["content"].split()) if given else 0
        return Call(
            found[1], range(written, max(int(found[2]), written)), float(found[3]), request, self
        )

    # --- for the calls ------------------------------------------------------------------------

    async def hold(self, call: Call, number: int) -> None:
        words, opened = self._gates.get(call.name, (0, None))
        is_due = opened is not None and number + 1 == words
        while is_due and not opened.is_set():  # noqa: ASYNC110 - opened from the test's thread
            await asyncio.sleep(0.005)


def whole_answer(text: str) -> str:
    """What the answer to a question is in the end."""
    found = ASKED.match(text)
    assert found
    return text_of(int(found[2]))


def most_at_once(calls: Sequence[Call]) -> int:
    """How many of these calls were under way at the same moment."""
    moments = [(call.began, 1) for call in calls if call.began is not None]
    moments += [(call.ended, -1) for call in calls if call.ended is not None]
    # What ends at the moment at which another begins was over before it.
    return max(itertools.accumulate(step for _, step in sorted(moments)), default=0)


def most_within(moments: Sequence[float], seconds: float) -> int:
    """How many of these moments lie within one stretch of time, at most."""
    return max((sum(0 <= at - first < seconds for at in moments) for first in moments), default=0)
