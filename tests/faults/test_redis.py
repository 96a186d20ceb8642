"""Redis restarted while answers run: it carries only hints, so nothing waits for it."""

import time
import uuid

from tests.client.page import Page
from tests.client.person import Person
from tests.faults.provider import name_of, question, whole_answer
from tests.faults.servers import Redis
from tests.faults.stored import check, wait_until_ended

GONE = 3  # seconds
HELD = 20  # words


def test_redis_restarted(begin, database, provider, fault, rounds):
    fault.is_called(
        "Redis restarted",
        f"SIGKILL while two processes write 4 answers, back after {GONE} s; each is read at both",
        "words arrived",
        "words on the page",
        "pages that stood still",
        "messages refused",
        "cents",
    )
    server = Redis()
    try:
        server.start()
        one = begin(DATABASE_URL=database, REDIS_URL=server.url).launch()
        other = one.beside().launch()
        one.wait(), other.wait()
        person = Person(one, "ada")
        for _ in range(rounds(5)):
            one_restart(server, one, other, provider, fault, person)
            fault.injected += 1
        other.gone()
        one.gone()
    finally:
        server.remove()
    check(fault, one, provider)


def one_restart(server, one, other, provider, fault, person):
    texts = [question(350, 0.02) for _ in range(4)]
    # They go on only once Redis is gone.
    gates = [provider.hold_after(name_of(text), HELD) for text in texts]
    pages = []
    for text, site in zip(texts, [one, other, one, other], strict=True):
        chat = person.begin(text, site=site).conversation
        pages += [(text, Page(person, chat, site)) for site in (one, other)]
    for _, page in pages:
        page.wait_until(lambda turn: len(turn.words) >= HELD)
    server.crash()
    for gate in gates:
        gate.set()
    late = question(5)
    client_id = uuid.uuid4()
    sent = person.begin(late, client_id)
    time.sleep(GONE)
    # It is still away: whoever waits for it waits in vain.
    stood = [not goes_on(page) for _, page in pages]
    server.start()
    ended = wait_until_ended(one)

    fault.count("messages refused", sent.status != 202 or not ended[late.split()[0]].text)
    fault.count("pages that stood still", sum(stood))
    for text, page in pages:
        stored = ended[text.split()[0]]
        fault.count("words arrived", stored.text != whole_answer(text))
        with page:
            turn = page.wait_until_ended()
        fault.count("words on the page", page.seen.faults + (turn.source != stored.text))


def goes_on(page):
    try:
        page.wait_until(lambda turn: len(turn.words) > HELD)
    except AssertionError:
        return False
    return True
