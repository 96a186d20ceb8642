"""The page of the faults' kit, which here also counts what comes and may move between processes."""

import random
import threading
import time
from collections import Counter

from tests.client.page import Page
from tests.patience import PATIENCE


class _AtOnce(random.Random):
    """The shortest of all pauses."""

    def uniform(self, a, b):
        return a


class Watching(Page):
    def __init__(self, person, conversation, site):
        self.packets = Counter()
        self.has_come_back = threading.Event()
        super().__init__(person, conversation, site)
        self._random = _AtOnce()

    def _apply(self, packet):
        is_whole = " whole" if packet.get("whole") else ""
        self.packets[packet["type"] + is_whole] += 1
        super()._apply(packet)
        if packet["type"] == "here":
            self.has_come_back.set()

    def move_to(self, site):
        """The connection is cut; it comes back to another process."""
        before, until = len(self.seen.codes), time.monotonic() + PATIENCE
        self.site = site
        if self._socket:
            self._socket.cut()
        while len(self.seen.codes) == before:
            assert time.monotonic() < until, "the connection was not cut"
            time.sleep(0.01)
        self.has_come_back.clear()

    def wake(self):
        """As a laptop does that was closed for a while: the page is the same, its socket is new."""
        self._is_open = True
        self._thread = threading.Thread(target=self._stay_connected, daemon=True)
        self._thread.start()
