"""The text as the parser wants it: one kind of newline, nothing that cannot be encoded."""

from conversations.text import storable


class Newlines:
    """Makes every newline a line feed, across deltas: a CR waits for the LF that may follow."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, delta: str) -> str:
        text = self._held + delta
        self._held = "\r" if text.endswith("\r") else ""
        return _normal(text.removesuffix("\r") if self._held else text)

    def flush(self) -> str:
        held, self._held = self._held, ""
        return _normal(held)


def normal(text: str) -> str:
    newlines = Newlines()
    return newlines.feed(text) + newlines.flush()


def _normal(text: str) -> str:
    return storable(text).replace("\r\n", "\n").replace("\r", "\n")


def complete_lines(source: str, limit: int | None = None) -> str:
    """The lines that have ended, within the first `limit` characters."""
    return source[: source.rfind("\n", 0, limit) + 1]
