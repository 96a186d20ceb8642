"""Server-sent events: from bytes, chopped anywhere, to whole events.

After the WHATWG's event stream format, with one kindness: an event that the end of the stream
leaves without its closing blank line still counts (`flush`).
"""

from typing import NamedTuple

# Bytes of one line, and of one event. An honest chunk is a few hundred.
MAX_EVENT_BYTES = 8_000_000

BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    name: str
    data: str


class EventParser:
    """Fed bytes, returns the events that they complete.

    Once a line or an event is longer than MAX_EVENT_BYTES, `has_overflowed` is set and nothing
    more is read. `has_fields` tells an event stream from any other text.
    """

    def __init__(self) -> None:
        self.has_fields = False
        self.has_overflowed = False
        self.has_stray_text = False
        self._line = bytearray()  # begun, its end not yet seen
        self._ended_with_cr = False
        self._is_first_line = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        if self._ended_with_cr and chunk:
            # The line was closed at its CR already, so that it need not wait for an LF.
            self._ended_with_cr = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk or self.has_overflowed:
            return []
        self._ended_with_cr = chunk.endswith(b"\r")
        lines = chunk.splitlines()
        begun = b"" if chunk.endswith((b"\r", b"\n")) else lines.pop()
        events = []
        for line in lines:
            self._line += line
            events += self._end_line()
        self._line += begun
        self._check_size(len(self._line))
        return events

    def flush(self) -> list[Event]:
        """What the end of the stream leaves: at most one event."""
        if self.has_overflowed:
            return []
        return [*self._end_line(), *self._dispatch()]

    def _end_line(self) -> list[Event]:
        line = bytes(self._line)
        self._line.clear()
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(BOM)
        self._check_size(len(line))
        if self.has_overflowed:
            return []
        if not line:
            return self._dispatch()
        self._read_field(line.decode("utf-8", "replace"))
        return []

    def _read_field(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name not in {"", "data", "event", "id", "retry"}:
            self.has_stray_text = True
            return
        self.has_fields = True
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._check_size(len(value))
            self._size += len(value)
        elif name == "event":
            self._name = value

    def _dispatch(self) -> list[Event]:
        events = [Event(self._name, "\n".join(self._data))] if self._data else []
        self._name, self._data, self._size = "", [], 0
        return events

    def _check_size(self, more: int) -> None:
        if self._size + more > MAX_EVENT_BYTES:
            self.has_overflowed = True
            self._line.clear()
            self._data.clear()
