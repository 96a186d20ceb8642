"""SIGTERM: nothing that arrived is lost, and pages are told to come back."""

from tests.client.page import Page
from tests.client.person import Person
from tests.client.words import text_of
from tests.faults.provider import name_of, question
from tests.faults.stored import check, wait_until_ended
from tests.patience import PATIENCE

RESTARTING = 4012


def begin_answers(site, provider, person, number, words, held_after=None):
    """So many answers under way, each with an open page, held after so many words."""
    texts = [question(words, 0.005) for _ in range(number)]
    gates = [provider.hold_after(name_of(text), held_after) for text in texts if held_after]
    pages = [Page(person, person.begin(text).conversation) for text in texts]
    for page in pages:
        page.wait_until(lambda turn: len(turn.words) >= (held_after or 5))
        assert page.is_connected.wait(PATIENCE)
    return texts, pages, gates


def check_answers(fault, site, texts, pages, words, status):
    """Each has so many words and this status, and its page shows just that."""
    ended = wait_until_ended(site)
    for text, page in zip(texts, pages, strict=True):
        stored = ended[name_of(text)]
        missing = words - len(stored.text.split())
        fault.count("words arrived", missing or stored.text != text_of(words))
        fault.count("endings", stored.status != status)
        with page:
            turn = page.wait_until_ended()
        fault.count("words on the page", page.seen.faults + (turn.source != stored.text))


def test_without_a_grace_period_what_arrived_is_stored_and_marked(begin, provider, fault, rounds):
    fault.is_called(
        "SIGTERM without a grace period",
        "5 answers that the provider holds after 60 of 100 words",
        "words arrived",
        "endings",
        "sockets not told to come back",
        "words on the page",
        "cents",
    )
    site = begin().start()
    person = Person(site, "ada")
    for _ in range(rounds(10)):
        texts, pages, gates = begin_answers(site, provider, person, 5, 100, held_after=60)
        assert site.end() == 0
        fault.injected += 1
        for gate in gates:
            gate.set()
        site.start()
        check_answers(fault, site, texts, pages, 60, "interrupted")
        for page in pages:
            fault.count("sockets not told to come back", page.seen.codes[:1] != [RESTARTING])
    check(fault, site, provider)


def test_within_a_grace_period_an_answer_comes_to_its_end(begin, provider, fault, rounds):
    fault.is_called(
        "SIGTERM with a grace period",
        "GRACE_SECONDS=60, 5 answers of 150 words in the middle",
        "words arrived",
        "endings",
        "words on the page",
        "cents",
    )
    site = begin(GRACE_SECONDS="60").start()
    person = Person(site, "ada")
    for _ in range(rounds(10)):
        texts, pages, _ = begin_answers(site, provider, person, 5, 150)
        assert site.end() == 0
        fault.injected += 1
        site.start()
        check_answers(fault, site, texts, pages, 150, "complete")
    check(fault, site, provider)


def test_a_rolling_restart_keeps_every_word(begin_two, provider, fault, rounds):
    fault.is_called(
        "one of two processes restarted by SIGTERM, the other one serves",
        "PostgreSQL and Redis, no grace period; the page comes back to the other process",
        "words arrived",
        "endings",
        "words on the page",
        "cents",
    )
    one, other = begin_two()
    person = Person(one, "ada")
    for _ in range(rounds(5)):
        texts, pages, gates = begin_answers(one, provider, person, 3, 100, held_after=40)
        for page in pages:
            page.site = other
        assert one.end() == 0
        fault.injected += 1
        for gate in gates:
            gate.set()
        check_answers(fault, other, texts, pages, 40, "interrupted")
        one.start()
    check(fault, other, provider)
