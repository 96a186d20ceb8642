"""What a page shows of a stream, and the changes that brought it there."""

from dataclasses import dataclass

# In HTML that has left the sanitiser this can only be the attribute: in a text quotation marks
# may stand, but not the bracket; in a value the bracket may, but not the marks.
_GROWING = 'data-growing="">'


@dataclass(frozen=True)
class Update:
    """What to do to the page. Each piece of HTML is sanitised and balanced by itself."""

    settled: str  # HTML to append to what is settled
    tail: str | None  # HTML that replaces the tail; None leaves it
    grown: str  # escaped text to append inside the tail's one [data-growing]; never with a tail


@dataclass(frozen=True)
class Snapshot:
    """The page as it is now, for one who comes late."""

    settled: str
    tail: str


class Page:
    def __init__(self) -> None:
        self._settled: list[str] = []
        self._tail: list[str] = []
        self._after_growing = ""
        self._new_settled: list[str] = []
        self._new_grown: list[str] = []
        self._is_tail_new = False

    @property
    def can_grow(self) -> bool:
        return bool(self._after_growing)

    def settle(self, html: str) -> None:
        if html:
            self._settled.append(html)
            self._new_settled.append(html)

    def replace_tail(self, html: str) -> None:
        if not html and not self._tail:
            return
        growing = html.rfind(_GROWING)
        end = html.index("</", growing) if growing >= 0 else len(html)
        self._tail = [html[:end]] if html else []
        self._after_growing = html[end:]
        self._is_tail_new = True

    def grow(self, text: str) -> None:
        """Append escaped text inside the growing element of the tail."""
        self._tail.append(text)
        self._new_grown.append(text)

    def take_update(self) -> Update:
        """The changes since the last time."""
        settled, grown = "".join(self._new_settled), "".join(self._new_grown)
        update = Update(settled, None, grown)
        if self._is_tail_new:
            update = Update(settled, self._current_tail(), "")
        self._new_settled, self._new_grown, self._is_tail_new = [], [], False
        return update

    def snapshot(self) -> Snapshot:
        # Joined once: whoever asks again before anything has settled gets the same string.
        self._settled = ["".join(self._settled)]
        return Snapshot(self._settled[0], self._current_tail())

    def _current_tail(self) -> str:
        if len(self._tail) > 1:
            self._tail = ["".join(self._tail)]
        return "".join(self._tail) + self._after_growing
