"""A process that is frozen past the take-over time and woken again writes nothing more."""

import time

from tests.client import page as page_module
from tests.client.page import SILENT, Page
from tests.client.person import Person
from tests.faults.provider import name_of, question
from tests.faults.stored import answers, check, ledger, wait_until_ended
from tests.patience import PATIENCE

ENDINGS = ("interrupted", "stopped", "complete", "failed")
WORDS = 2000


def wait_until(holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"it did not happen within {PATIENCE} s"
        time.sleep(0.02)


def test_a_frozen_process_that_wakes_writes_nothing_more(begin_two, provider, fault, seed, rounds):
    fault.is_called(
        "SIGSTOP past the take-over time, then SIGCONT",
        "one of two processes on PostgreSQL and Redis frozen while it writes 3 answers; the other"
        " one takes over, one answer is continued there; then it is woken",
        "words stored before",
        "words written after the take-over",
        "endings",
        "words on the page",
        "calls not closed",
        "cents",
    )
    frozen, other = begin_two()
    person = Person(frozen, "ada")
    for _ in range(rounds(10)):
        one_freeze(frozen, other, provider, fault, seed, person)
        fault.injected += 1
    check(fault, other, provider)


def one_freeze(frozen, other, provider, fault, seed, person):
    texts = [question(WORDS, 0.004) for _ in range(3)]
    names = [name_of(text) for text in texts]
    # Their calls never end by themselves, however long all this takes.
    gates = [provider.hold_after(name, WORDS - 1) for name in names]
    chats = [person.begin(text).conversation for text in texts]
    pages = [Page(person, chats[0], frozen), Page(person, chats[1], other)]
    wait_until(lambda: all(answers(other)[name].text for name in names))
    time.sleep(seed.uniform(0, 0.5))
    frozen.freeze()
    began = time.monotonic()
    try:
        before = answers(other)
        ended = wait_until_taken_over(other, names)
        fault.most("longest until taken over, s", time.monotonic() - began)
        go_on = person.act(chats[2], ended[names[2]].id, "continue", other)
        assert go_on.status == 202, go_on
    finally:
        frozen.thaw()
    first_calls = [provider.calls_of(text)[0] for text in texts]
    # A call that is closed is seen by the provider; one that ran to its end was not.
    closed = [call.request.disconnected.wait(PATIENCE) for call in first_calls]
    for gate in gates:
        gate.set()
    last = wait_until_ended(other)

    fault.count("calls not closed", closed.count(False))
    rows = ledger(other)
    for name in names[:2]:
        fault.count("words stored before", not last[name].text.startswith(before[name].text))
        fault.count("words written after the take-over", last[name].text != ended[name].text)
        fault.count("endings", last[name].status != "interrupted" or rows[last[name].id] != 1)
    continued = last[names[2]]
    fault.count("endings", continued.status != "complete" or rows[continued.id] != 2)
    for name, page in zip(names, pages, strict=False):
        with page:
            turn = page.wait_until_ended()
            fault.count("words on the page", page.seen.faults + (turn.source != last[name].text))


def test_a_page_gives_up_a_process_that_says_nothing_and_comes_back(site, monkeypatch):
    monkeypatch.setattr(page_module, "REPORT_EVERY", 0.2)
    # Longer than a busy machine is silent by itself.
    monkeypatch.setattr(page_module, "SILENCE", 5.0)
    person = Person(site, "ada")
    chat = person.begin(question(3)).conversation
    # Nothing is to come any more: else the page may be waiting for its log, not for the socket.
    wait_until_ended(site)
    with Page(person, chat) as page:
        assert page.is_connected.wait(PATIENCE)
        before = len(page.seen.codes)
        site.freeze()
        try:
            wait_until(lambda: page.seen.codes[before:])
        finally:
            site.thaw()

        assert page.seen.codes[before] == SILENT
        assert page.is_connected.wait(PATIENCE)


def wait_until_taken_over(site, names):
    """The frozen answers as another process has ended them."""
    wait_until(lambda: all(answers(site)[name].status in ENDINGS for name in names))
    return answers(site)
