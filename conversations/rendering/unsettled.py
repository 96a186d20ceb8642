"""The source at the end of a stream that is not settled, and when to parse it again.

Parsing it with every delta would cost the square of its length. It is parsed when it has grown
by a share of itself, so that all parsing together costs a fixed number of times its length.
"""

from .limits import LONG_CHARACTERS, REPARSED_SHARE, REPARSED_SHARE_OF_LONG


class Unsettled:
    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._parsed = 0

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def restart(self, text: str = "") -> None:
        """What is left of it now that it has been parsed."""
        self._pieces = [text]
        self._length = self._parsed = len(text)

    def __len__(self) -> int:
        return self._length

    @property
    def is_due(self) -> bool:
        is_long = self._length > LONG_CHARACTERS
        share = REPARSED_SHARE_OF_LONG if is_long else REPARSED_SHARE
        return self._length - self._parsed >= share * self._length

    @property
    def text(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return "".join(self._pieces)
