"""Which changes of one conversation its readers in this process have been told of.

A conversation numbers its changes (`Conversation.changes`). Some are told by this process, some by
hints of others that may come late or never; the number in the database says what is missing.
"""


class Told:
    def __init__(self) -> None:
        # None until the first reader has asked the database.
        self._all_to: int | None = None
        self._beyond: set[int] = set()

    def begin(self, number: int) -> None:
        """Who reads from now on has seen everything up to this change."""
        if self._all_to is None:
            self.settle(number)

    def note(self, number: int) -> bool:
        """Whether this change is news; nought is one whose number nobody knows."""
        if not number:
            return True
        if number in self._beyond or number <= (self._all_to or 0):
            return False
        self._beyond.add(number)
        self._advance()
        return True

    def knows(self, number: int) -> bool:
        """Whether readers have been told of everything up to this change."""
        return self._all_to is not None and number <= self._all_to

    def settle(self, number: int) -> None:
        """They have been told to read everything again, up to this change at least."""
        self._all_to = max(number, self._all_to or 0)
        self._beyond = {each for each in self._beyond if each > self._all_to}
        self._advance()

    @property
    def all_to(self) -> int:
        """Nought where nobody has asked the database yet."""
        return self._all_to or 0

    def _advance(self) -> None:
        while self._all_to is not None and self._all_to + 1 in self._beyond:
            self._all_to += 1
            self._beyond.discard(self._all_to)
