"""The database is locked, full or gone: answers go on, and catch up when it is back."""

import http.client
import time
import uuid
from dataclasses import dataclass

import pytest

from tests.client.page import SILENT, Page
from tests.client.person import Person
from tests.faults.provider import name_of, question, whole_answer
from tests.faults.servers import POSTGRESQL_PROGRAMS, Postgresql, SmallDisk, locked, no_room
from tests.faults.stored import check, wait_until_ended
from tests.patience import PATIENCE

# As a site is by default: an outage is shorter than the time after which others take over.
USUAL = {"BEAT_SECONDS": "3", "TAKEOVER_SECONDS": "15", "FLUSH_SECONDS": "0.1"}
LOST = (
    "words arrived",
    "answers that did not go on",
    "words on the page",
    "messages refused without words",
    "messages not sent once",
    "pages not told",
    "cents",
)
PAUSE = 0.02
HELD = 20  # words


@dataclass
class Outage:
    """Answers under way while a part is missing, and what people see and try meanwhile."""

    site: object
    provider: object
    fault: object
    seconds: float

    def __post_init__(self):
        self.person = Person(self.site, "ada")

    def run(self, breaks):
        """`breaks` is a context in which the part is missing."""
        long, short = (
            question(int(seconds / PAUSE), PAUSE) for seconds in (self.seconds + 4, self.seconds)
        )
        # They go on only once the part is missing, however long it takes to come so far.
        gates = [self.provider.hold_after(name_of(text), HELD) for text in (long, short)]
        chats = {text: self.person.begin(text).conversation for text in (long, short)}
        pages = {text: Page(self.person, chat) for text, chat in chats.items()}
        for page in pages.values():
            page.wait_until(lambda turn: len(turn.words) >= HELD)
            assert page.is_connected.wait(PATIENCE)
        late, client_id = question(10), uuid.uuid4()
        with breaks:
            for gate in gates:
                gate.set()
            self._meanwhile(pages[long], late, client_id)
        self.fault.injected += 1
        self._afterwards(pages, late, client_id)

    def _meanwhile(self, page, late, client_id):
        until = time.monotonic() + self.seconds
        begun = len(page.answer.words)
        try:
            refused = self.person.post(
                "/c/",
                seconds=self.seconds + 40,
                text=late,
                client_id=client_id,
                model="gpt-4o-mini",
            )
            is_told = refused.status == 202 or (refused.status == 503 and refused.words)
            self.fault.count("messages refused without words", not is_told)
            self.fault.figures["refused with"] = refused.status
        except (OSError, http.client.HTTPException):
            self.fault.count("messages refused without words", 1)
        time.sleep(max(0.0, until - time.monotonic()))
        self.fault.count("answers that did not go on", len(page.answer.words) <= begun)

    def _afterwards(self, pages, late, client_id):
        # What was refused is sent again, from the draft that was kept.
        until = time.monotonic() + PATIENCE
        while (sent := self.person.begin(late, client_id)).status == 503:
            assert time.monotonic() < until, sent
        assert sent.status == 202, sent
        ended = wait_until_ended(self.site)
        for text, page in pages.items():
            stored = ended[text.split()[0]]
            self.fault.count("words arrived", stored.text != whole_answer(text))
            with page:
                turn = page.wait_until_ended()
            self.fault.count("words on the page", page.seen.faults + (turn.source != stored.text))
            # By words, or by a connection that is lost and comes back, as each page says itself.
            is_told = page.seen.troubles or {*page.seen.codes} - {SILENT}
            self.fault.count("pages not told", not is_told)
            self.fault.count("pages not told", page.seen.trouble != "")
        once = len(self.provider.calls_of(late)) == 1
        complete = ended[late.split()[0]].status == "complete"
        self.fault.count("messages not sent once", not (once and complete))

    def audit(self):
        check(self.fault, self.site, self.provider)


@pytest.fixture
def seconds(rounds):
    """How long a part is missing: 10 s, less in a short run."""
    return 10.0 if rounds(100) >= 100 else 4.0


def test_sqlite_locked_by_somebody_else(begin, provider, fault, rounds, seconds):
    fault.is_called("SQLite locked", f"BEGIN EXCLUSIVE by another process for {seconds:g} s", *LOST)
    site = begin(**USUAL).start()
    outage = Outage(site, provider, fault, seconds)
    for _ in range(rounds(2)):
        outage.run(locked(site.folder / "chatsite.sqlite3"))
    outage.audit()


def test_no_file_may_grow(begin, provider, fault, rounds, seconds):
    fault.is_called("no room on the disk", f"RLIMIT_FSIZE on the process for {seconds:g} s", *LOST)
    site = begin(**USUAL).start()
    outage = Outage(site, provider, fault, seconds)
    for _ in range(rounds(2)):
        outage.run(no_room(site.pid))
    outage.audit()


def test_disk_full(begin, provider, fault, rounds, seconds, tmp_path):
    fault.is_called("disk full", f"a small disk, filled to its last byte for {seconds:g} s", *LOST)
    disk = SmallDisk(tmp_path / "site0")
    try:
        if not disk.is_there:
            fault.name = ""
            pytest.skip("this machine lets nobody mount a disk")
        site = begin(**USUAL).start()
        outage = Outage(site, provider, fault, seconds)
        for _ in range(rounds(2)):
            outage.run(disk.full())
        outage.audit()
        site.gone()
    finally:
        disk.remove()


@pytest.mark.skipif(not POSTGRESQL_PROGRAMS, reason="needs PostgreSQL's programs")
def test_postgresql_gone(begin, provider, fault, rounds, seconds):
    fault.is_called(
        "PostgreSQL gone", f"SIGQUIT (a crash) and started again after {seconds:g} s", *LOST
    )
    database = Postgresql()
    try:
        database.start()
        site = begin(DATABASE_URL=database.url, **USUAL).prepared().start()
        outage = Outage(site, provider, fault, seconds)
        for _ in range(rounds(2)):
            outage.run(gone(database))
        outage.audit()
        site.gone()
    finally:
        database.remove()


class gone:
    """Not there for the length of a `with`."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.server.crash()

    def __exit__(self, *_):
        self.server.start()
