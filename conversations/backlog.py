"""What a page was sent and has not said that it has seen: so much, and then nothing more.

Daphne would queue without limit for a client that does not read. A page that is behind is sent
nothing until it reports; what it has missed by then is read anew.
"""

PACKETS = 64
BYTES = 1_000_000


class Backlog:
    def __init__(self) -> None:
        self._packets = self._bytes = 0
        self.is_behind = False
        # More than frames, which the next whole frame makes up for: the log is read again.
        self.has_missed = False

    def has_room(self, size: int) -> bool:
        """Whether the page may be sent this many bytes more; they are counted either way."""
        self._packets += 1
        self._bytes += size
        if self._packets > PACKETS or self._bytes > BYTES:
            self.is_behind = True
        return not self.is_behind

    def miss(self) -> None:
        """It is not sent something other than a frame: what follows would not fit without it."""
        self.is_behind = self.has_missed = True
