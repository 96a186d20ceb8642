"""Characters that arrive in halves.

JSON writes a character beyond U+FFFF as two surrogates, and a provider that cuts its text
between tokens may put them into two chunks. Alone, neither half is text.
"""

import re

from conversations.text import storable

_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


class PairJoiner:
    """Fed text, returns what can be stored of it; a half character waits for its other half."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        if not text:
            return ""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return storable(_PAIR.sub(_joined, text))

    def flush(self) -> str:
        """What the end of the text leaves: a half character, as U+FFFD."""
        half, self._half = self._half, ""
        return storable(half)
