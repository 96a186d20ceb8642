"""What has arrived of an answer.

Deltas are kept in lists and joined when somebody asks: adding each to one long string would
copy the whole answer every time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from conversations import metrics


class Arrived:
    """`text` and `reasoning` stood there before: an answer that is continued goes on from them."""

    def __init__(self, text: str = "", reasoning: str = "") -> None:
        self._text = [text]
        self._new_text: list[str] = []
        self._reasoning = [reasoning]
        self._new_reasoning: list[str] = []
        self.size = len(text) + len(reasoning)  # characters
        # When the oldest came of what is not stored yet.
        self._oldest: float | None = None

    def add(self, text: str, reasoning: str) -> None:
        self._text.append(text)
        self._new_text.append(text)
        self._reasoning.append(reasoning)
        self._new_reasoning.append(reasoning)
        self.size += len(text) + len(reasoning)
        if self._oldest is None:
            self._oldest = time.monotonic()

    @contextmanager
    def being_stored(self) -> Iterator[None]:
        """While what is here now is written to the database."""
        oldest, self._oldest = self._oldest, None
        try:
            yield
        except BaseException:
            self._oldest = oldest
            raise
        if oldest is not None:
            metrics.FLUSH_LAG.observe(time.monotonic() - oldest)

    @property
    def text(self) -> str:
        return _joined(self._text)

    @property
    def reasoning(self) -> str:
        return _joined(self._reasoning)

    def take(self) -> tuple[str, str]:
        """Text and reasoning that came since this was last asked."""
        return _taken(self._new_text), _taken(self._new_reasoning)


def _joined(parts: list[str]) -> str:
    parts[:] = ["".join(parts)]
    return parts[0]


def _taken(parts: list[str]) -> str:
    taken = "".join(parts)
    parts.clear()
    return taken
