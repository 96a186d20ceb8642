"""Text of one answer that came as hints, until what comes before it is there."""

MOST = 256_000  # characters kept; past that all is dropped, for the database has it


class Overheard:
    """Pieces that join each other, of text and of reasoning alike."""

    def __init__(self) -> None:
        self._text = _Run()
        self._thought = _Run()

    def add(self, begin: int, text: str, thought_begin: int, thought: str) -> None:
        self._text.add(begin, text)
        self._thought.add(thought_begin, thought)

    def take(self, position: int, thought_position: int) -> tuple[str, str]:
        """What follows these positions."""
        return self._text.take(position), self._thought.take(thought_position)

    @property
    def has_more(self) -> bool:
        """Something is kept: where `take` gives nothing, what comes before it is missing."""
        return bool(self._text or self._thought)


class _Run:
    def __init__(self) -> None:
        self._begin = 0
        self._pieces: list[str] = []
        self._length = 0

    def __bool__(self) -> bool:
        return bool(self._length)

    def add(self, begin: int, piece: str) -> None:
        if not piece:
            return
        if begin != self._begin + self._length or self._length + len(piece) > MOST:
            # What is missing between the two is in the database, and so is the older one.
            self._begin, self._pieces, self._length = begin, [], 0
        self._pieces.append(piece)
        self._length += len(piece)

    def take(self, position: int) -> str:
        if position < self._begin:
            return ""
        new = "".join(self._pieces)[position - self._begin :]
        self._begin, self._pieces, self._length = 0, [], 0
        return new
