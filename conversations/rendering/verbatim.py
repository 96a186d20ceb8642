"""Text as it was written, in elements of bounded size."""

from html import escape

from .limits import VERBATIM_CHARACTERS


def verbatim(text: str, *, is_growing: bool = False) -> str:
    growing = ' data-growing=""' if is_growing else ""
    return f'<pre class="verbatim"><code{growing}>{escape(text, quote=False)}</code></pre>\n'


class VerbatimPieces:
    """Cuts text that keeps coming into pieces, at the same places however it comes."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._length = 0

    def feed(self, text: str) -> list[str]:
        """The pieces that are full now."""
        self._held.append(text)
        self._length += len(text)
        if self._length < VERBATIM_CHARACTERS:
            return []
        pieces, held, start = [], self.flush(), 0
        while len(held) - start >= VERBATIM_CHARACTERS:
            end = held.rfind("\n", start, start + VERBATIM_CHARACTERS) + 1
            end = end or start + VERBATIM_CHARACTERS
            pieces.append(held[start:end])
            start = end
        self._held, self._length = [held[start:]], len(held) - start
        return pieces

    def flush(self) -> str:
        """What is held back; it is given up."""
        held = "".join(self._held)
        self._held, self._length = [], 0
        return held

    @property
    def held(self) -> str:
        return "".join(self._held)
