"""Readers that never read cost a bounded amount of memory, however long the answer."""

from tests.client.page import Page
from tests.client.person import Person
from tests.client.websocket import WebSocket
from tests.faults.provider import question
from tests.faults.stored import wait_until_ended
from tests.upstream.scripts import Gate, content, done, finish, usage

READERS = 50
MEGABYTES = 3
# A copy of the answer for each reader would be 150 MB and more. What Daphne may hold for one of
# them is a megabyte, by the site's own bound.
MOST = 75.0
PARAGRAPH = "word " * 19 + "end.\n\n"
CHUNK = PARAGRAPH * 20


def test_readers_that_never_read(begin, provider, fault, rounds):
    fault.is_called(
        "readers that never read",
        f"{READERS} sockets that are opened and not read, an answer of {MEGABYTES} MB",
        "megabytes past the bound",
        "characters on the page of somebody who reads",
    )
    text = CHUNK * (MEGABYTES * 1_000_000 // len(CHUNK))
    without = peak_of(begin, provider, fault, 0, text)
    with_readers = peak_of(begin, provider, fault, READERS, text)
    fault.injected = READERS

    fault.figures["MB at most, no such readers"] = round(without)
    fault.figures["MB at most, with them"] = round(with_readers)
    fault.count("megabytes past the bound", max(0, round(with_readers - without - MOST)))
    assert not any(fault.lost.values()), fault.line


def peak_of(begin, provider, fault, readers, text):
    """Megabytes that a fresh process takes at most while it writes this answer."""
    site = begin().start()
    person = Person(site, "ada")
    gate = Gate()
    chunks = [content(CHUNK)] * (len(text) // len(CHUNK))
    provider.first = lambda call: [content("."), gate, *chunks, finish(), usage(9, 9), done()]
    asked = question(1)
    page = Page(person, person.begin(asked).conversation, checks=False)
    deaf = [_deaf(site, page, person) for _ in range(readers)]
    gate.open()
    with page:
        turn = page.wait_until_ended(180)
    stored = wait_until_ended(site, 180)[asked.split()[0]]
    lost = len(text) + 1 - len(stored.text) + (turn.source != stored.text)
    fault.count("characters on the page of somebody who reads", lost)
    peak = site.peak_memory
    for socket in deaf:
        socket.cut()
    site.gone()
    return peak


def _deaf(site, page, person):
    """Opened, told where it stands, and never read from."""
    socket = WebSocket(site, f"/ws/c/{page.conversation}/", person.cookie, buffer=4096)
    socket.say({"show": {str(page.answer.id): 0}})
    return socket
