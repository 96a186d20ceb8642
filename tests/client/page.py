"""An open page: it holds the socket, applies what comes, and comes back whenever it was lost.

As `static/js/{send,socket,stream,uptodate}.js` do: what does not fit is asked about; a turn that
has ended replaces whatever was shown; the changes of a conversation are numbered, and where one is
missing the log is read again; a socket on which nobody answers is given up; a message is sent again
under the same client id until somebody says what became of it.
"""

import http.client
import random
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.client.address import Address
from tests.client.person import Person
from tests.client.turns import Turn, turns_in
from tests.client.websocket import Closed, WebSocket
from tests.client.words import faults_in
from tests.patience import PATIENCE

CHANGES = re.compile(r'data-changes="(\d+)"')
SEEN_EVERY, ASK_AGAIN, REPORT_EVERY, MOST_WAIT = 16, 1.0, 5.0, 1.8
# Seconds without an answer to a report; a busy machine may take longer than a browser has patience.
SILENCE = 10.0
# Seconds that the log, and what became of a message, are waited for.
LOG_PATIENCE, SEND_PATIENCE, SEND_AGAIN = 15.0, 45.0, 0.3
# How long a change that the server has told of may take to arrive.
ON_ITS_WAY = 1.0
# In the place of a close code: nobody answered.
SILENT = 0
# What stands before a site, or the site itself, says that it is away just then.
AWAY = (502, 503, 504)
# After these a message is sent again; any other refusal is one for good.
NOT_YET = (409, 429, 500, *AWAY)


@dataclass
class Seen:
    """What the page has gone through. `faults` are words missing, doubled or out of place;
    `trouble` is what it says now of the site, `troubles` how often it was told of any;
    `refusals` is why a message was not accepted yet.
    """

    codes: list[int] = field(default_factory=list)
    frames: int = 0
    gaps: int = 0
    reads: int = 0
    faults: int = 0
    troubles: int = 0
    trouble: str = ""
    refusals: list[str] = field(default_factory=list)


class Page:
    """Open until `close`, or for the length of a `with`; everything may be asked from any thread.

    It `checks` the words after every frame.
    """

    def __init__(
        self,
        person: Person,
        conversation: uuid.UUID,
        site: Address | None = None,
        *,
        checks: bool = True,
    ) -> None:
        self.person, self.conversation = person, conversation
        self.site = site or person.site
        self.seen = Seen()
        self._checks = checks
        self.turns: dict[uuid.UUID, Turn] = {}
        # Up to which change of the conversation it shows them all.
        self.changes = 0
        self.is_connected = threading.Event()
        self._socket: WebSocket | None = None
        self._lock = threading.RLock()
        self._is_open = True
        self._asked = self._reported = -ASK_AGAIN
        # Since when a report has had no answer; since when the page may lack a change, and which.
        self._unanswered: float | None = None
        self._behind: tuple[float, int] | None = None
        self._random = random.Random(str(conversation))
        self.read(f"/c/{conversation}/")
        self._thread = threading.Thread(target=self._stay_connected, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        newest = self.answers[-1] if self.answers else None
        return f"shown {newest} after {self.seen}"

    def close(self) -> None:
        self._is_open = False
        if self._socket:
            self._socket.cut()
        self._thread.join(PATIENCE)

    @property
    def answers(self) -> list[Turn]:
        with self._lock:
            return [turn for turn in self.turns.values() if turn.role == "assistant"]

    @property
    def answer(self) -> Turn:
        """The newest one."""
        return self.answers[-1]

    def wait_until(
        self, what: Any, seconds: float = PATIENCE, answer: uuid.UUID | None = None
    ) -> Turn:
        """This answer or the newest, as soon as this holds of it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._lock:
                turn = self.turns.get(answer) if answer else self.answer
                if turn and what(turn):
                    return turn
            time.sleep(0.01)
        raise AssertionError(f"the page is stuck: {self}")

    def wait_until_ended(self, seconds: float = PATIENCE, answer: uuid.UUID | None = None) -> Turn:
        return self.wait_until(lambda turn: not turn.is_running, seconds, answer)

    def send(self, text: str, client_id: uuid.UUID, seconds: float = PATIENCE) -> uuid.UUID:
        """The answer's id, once the site has said that it has the message."""
        parent = self.answer.id if self.answers else None
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            sending = (text, parent, client_id, self.site, min(left, SEND_PATIENCE))
            try:
                sent = self.person.send(self.conversation, *sending)
            except (OSError, http.client.HTTPException) as error:
                self.seen.refusals.append(type(error).__name__)
            else:
                if sent.status == 202:
                    return self._place(sent.text)
                self.seen.refusals.append(str(sent.status))
                assert sent.status in NOT_YET, sent
            time.sleep(SEND_AGAIN)
        raise AssertionError(f"nobody takes {text!r}: {self}")

    def _place(self, exchange: str) -> uuid.UUID:
        """It comes twice, over the socket as well, in either order."""
        question, answer = turns_in(exchange)
        with self._lock:
            for turn in (question, answer):
                self.turns.setdefault(turn.id, turn)
        return answer.id

    def read(self, path: str = "", seconds: float = PATIENCE) -> None:
        """Load the page, or its log again; the answers that run are then asked about."""
        shown = self.person.get(path or f"/c/{self.conversation}/log/", self.site, seconds)
        if shown.status in (500, *AWAY):
            raise Closed
        assert shown.status == 200, shown
        found = CHANGES.search(shown.text)
        with self._lock:
            self.changes = int(found[1] if found else shown.headers["Chat-Changes"])
            self.turns = {turn.id: turn for turn in turns_in(shown.text)}
        self.seen.reads += 1

    # --- the socket ---------------------------------------------------------------------------

    def _stay_connected(self) -> None:
        while self._is_open:
            try:
                path = f"/ws/c/{self.conversation}/"
                self._socket = WebSocket(self.site, path, self.person.cookie)
                self._unanswered = None
                self.seen.trouble = ""
                self._report("show")
                self.is_connected.set()
                self._listen()
            except Closed as closed:
                self.is_connected.clear()
                self.seen.codes.append(closed.code)
                if self._socket:
                    self._socket.cut()
                if self._is_open:
                    time.sleep(self._random.uniform(0.2, MOST_WAIT))

    def _listen(self) -> None:
        assert self._socket
        while self._is_open:
            packet = self._socket.hear(0.5)
            now = time.monotonic()
            if packet is not None:
                self._unanswered = None
                self._apply(packet)
            elif self._unanswered and now - self._unanswered >= SILENCE:
                raise Closed(SILENT)
            if self._behind and now - self._behind[0] >= ON_ITS_WAY:
                changes, self._behind = self._behind[1], None
                self._changed(changes)
            if now - self._reported >= REPORT_EVERY:
                self._report("seen")

    def _report(self, kind: str) -> None:
        assert self._socket
        self._reported = time.monotonic()
        with self._lock:
            running = [turn for turn in self.turns.values() if turn.is_running]
            sources = {str(turn.id): turn.shown_by for turn in running}
            positions = {str(turn.id): turn.position for turn in running}
        self._socket.say({kind: positions, "sources": sources, "changes": self.changes})
        self._unanswered = self._unanswered or self._reported

    def _ask(self) -> None:
        if time.monotonic() - self._asked >= ASK_AGAIN:
            self._asked = time.monotonic()
            self._report("show")

    # --- what it brings -----------------------------------------------------------------------

    def _apply(self, packet: Any) -> None:
        match packet["type"]:
            case "frame":
                self._frame(packet)
            case "turn":
                self._ended(packet)
            case "exchange" | "thread":
                self._changed(packet["changes"])
            case "here":
                self._compare(packet)
            case "trouble":
                self.seen.trouble = packet["words"]
                self.seen.troubles += bool(packet["words"])

    def _frame(self, frame: Any) -> None:
        turn = self.turns.get(uuid.UUID(frame["message"]))
        if turn is None or not turn.is_running:
            return
        if turn.fits(frame):
            self._show(turn, frame)
        elif not frame.get("whole", False) and turn.is_behind(frame):
            self.seen.gaps += 1
            self._ask()

    def _compare(self, should_have: Any) -> None:
        """What the server says that the page should have by now, had nothing been lost."""
        for answer, mark in should_have["at"].items():
            turn = self.turns.get(uuid.UUID(answer))
            if turn and turn.is_running and turn.is_behind(mark):
                self.seen.gaps += 1
                self._ask()
        if should_have["changes"] > self.changes:
            self._behind = self._behind or (time.monotonic(), should_have["changes"])

    def _show(self, turn: Turn, frame: Any) -> None:
        with self._lock:
            turn.apply(frame)
            self.seen.faults += self._checks and faults_in(turn.words)
        self.seen.frames += 1
        if self.seen.frames % SEEN_EVERY == 0:
            self._report("seen")

    def _ended(self, packet: Any) -> None:
        [turn] = turns_in(packet["html"])
        with self._lock:
            if turn.id in self.turns and self.turns[turn.id].is_running:
                self.turns[turn.id] = turn
            if packet["changes"] == self.changes + 1:
                self.changes += 1
        if packet["changes"]:
            self._changed(packet["changes"])

    def _changed(self, changes: int) -> None:
        """The log is read again where it has not this change yet; 0 is of no number."""
        if changes > self.changes or not changes:
            self._read_again()

    def _read_again(self) -> None:
        try:
            self.read(seconds=LOG_PATIENCE)
        except (OSError, http.client.HTTPException) as error:
            raise Closed from error
        self._report("show")
