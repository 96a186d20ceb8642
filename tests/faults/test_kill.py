"""`kill -9` at random moments: what was stored stays, and every answer has one ending."""

import http.client
import statistics
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.client.page import Page
from tests.client.person import Person
from tests.client.turns import turns_in
from tests.faults.process import TENTH
from tests.faults.provider import question
from tests.faults.stored import answers, check, ledger, wait_until_ended
from tests.patience import PATIENCE

FLUSH = float(TENTH["FLUSH_SECONDS"])
# Seconds from the start of a round to its kill, at most.
LATEST = 1.2
# What a busy machine may take to run a process that is due, in seconds.
HICCUP = 1.0


@dataclass
class Round:
    """One kill, and what was under way: messages by their text, with their client ids."""

    sent: dict[str, uuid.UUID] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    chats: dict[str, uuid.UUID] = field(default_factory=dict)

    def send(self, person: Person, text: str) -> None:
        try:
            answer = person.begin(text, self.sent[text])
        except (OSError, http.client.HTTPException):
            return
        assert answer.status == 202, answer
        self.acknowledged.add(text)
        self.chats[text] = answer.conversation


def name(text):
    return text.split()[0]


def begin_round(seed, person):
    """Messages on their way, each in a thread of its own, until the process is gone."""
    this = Round()
    threads = []
    for _ in range(seed.randint(3, 6)):
        text = question(seed.randint(20, 400), seed.choice([0.002, 0.005, 0.02]))
        this.sent[text] = uuid.uuid4()
        threads.append(threading.Thread(target=this.send, args=(person, text)))
        threads[-1].start()
    return this, threads


def pages_of(this, person, seed):
    """Two of the chats that are acknowledged by now, opened; the kill may come in between."""
    pages = []
    for text in list(this.chats)[: seed.randint(0, 2)]:
        try:
            pages.append((text, Page(person, this.chats[text])))
        except (OSError, http.client.HTTPException):
            break
    return pages


def lost_stretch(provider, text, stored, killed):
    """The text that had been written by the kill and is not stored, in seconds of its provider's
    own pace: a machine that is slow for all of us is no loss."""
    return sum(call.seconds_between(len(stored), killed) for call in provider.calls_of(text)[-1:])


def test_kill_9_at_random_moments(site, provider, fault, seed, rounds):
    fault.is_called(
        "kill -9 of the serving process",
        "SIGKILL at a random moment, 3 to 6 answers at once, time settings at a tenth",
        "messages acknowledged",
        "words stored before",
        "texts that lost over a flush and a second",
        "half the texts over three flushes",
        "endings",
        "words on the page",
        "cents",
    )
    person = Person(site, "ada")
    stretches = []
    for _ in range(rounds(100)):
        stretches += one_kill(site, provider, fault, seed, person)
    # A stall is in few of them; a keeper that does not store in time is in most.
    median = statistics.median(stretches)
    fault.most("half of the texts lost at most, s", median)
    fault.count("half the texts over three flushes", median > 3 * FLUSH)
    fault.figures["answers"] = len(answers(site))
    check(fault, site, provider)
    assert [rows for rows in ledger(site).values() if rows != 1] == []


def one_kill(site, provider, fault, seed, person):
    """How much of each text under way was lost, in seconds."""
    stretches = []
    this, threads = begin_round(seed, person)
    time.sleep(seed.uniform(0.1, LATEST / 2))
    pages = pages_of(this, person, seed)
    time.sleep(seed.uniform(0, LATEST / 2))
    before = answers(site)
    killed = site.kill()
    fault.injected += 1
    after = answers(site)
    site.start()
    for thread in threads:
        thread.join(PATIENCE)
    for text in this.sent.keys() - this.acknowledged:
        # Nobody was told that it had arrived: the page sends it again, with its client id.
        this.send(person, text)
    ended = wait_until_ended(site)

    fault.count("messages acknowledged", len({name(text) for text in this.sent} - ended.keys()))
    for text in this.sent:
        stored, last = before.get(name(text)), after.get(name(text))
        fault.count(
            "words stored before", stored is not None and not last.text.startswith(stored.text)
        )
        if last and last.status == "streaming":
            fault.count("endings", ended[name(text)].status != "interrupted")
            fault.count("words stored before", ended[name(text)].text != last.text)
            stretch = lost_stretch(provider, text, last.text, killed)
            stretches.append(stretch)
            fault.most("longest stretch of text lost, s", stretch)
            fault.count("texts that lost over a flush and a second", stretch > FLUSH + HICCUP)
            fault.figures["interrupted"] = fault.figures.get("interrupted", 0) + 1
        elif last is None or last.status == "queued":
            # It was never called, and is in line again.
            fault.count("endings", ended[name(text)].status != "complete")
    check_pages(fault, person, pages, ended)
    return stretches


def check_pages(fault, person, pages, ended):
    for text, page in pages:
        with page:
            turn = page.wait_until_ended()
            stored = ended[name(text)]
            fault.count("words on the page", page.seen.faults + (turn.source != stored.text))
            fault.count("words on the page", turn.prose != stored.html)
            if stored.status == "interrupted" and stored.text:
                [*_, shown] = turns_in(person.get(f"/c/{page.conversation}/").text)
                fault.count("endings", "continue" not in shown.offers)


def test_kill_9_of_one_of_two_processes(begin_two, provider, fault, seed, rounds):
    fault.is_called(
        "kill -9 of one of two processes",
        "PostgreSQL and Redis, MAX_CALLS=4, 12 messages at both; the other one takes over, and"
        " pages of the killed one go there",
        "messages acknowledged",
        "words stored before",
        "endings",
        "words on the page",
        "cents",
    )
    one, other = begin_two(MAX_CALLS="4")
    person = Person(other, "ada")
    for _ in range(rounds(10)):
        one_of_two(one, other, fault, seed, person)
        one.start()
    check(fault, other, provider)
    assert [rows for rows in ledger(other).values() if rows != 1] == []


def one_of_two(one, other, fault, seed, person):
    texts = [question(seed.randint(100, 300), 0.01) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        begin = partial(pool.submit, person.begin)
        sent = [begin(text, site=site) for text, site in zip(texts, [one, other] * 6, strict=True)]
    chats = [each.result().conversation for each in sent]
    pages = [(text, Page(person, chat, one)) for text, chat in zip(texts[:3], chats, strict=False)]
    time.sleep(seed.uniform(0, LATEST / 2))
    before = answers(other)
    running = [before[name(text)] for text in texts if before[name(text)].is_running]
    fault.figures["under way"] = fault.figures.get("under way", 0) + len(running)
    killed = one.kill()
    fault.injected += 1
    for _, page in pages:
        page.site = other
    ended = wait_until_ended(other, 120)
    fault.most("longest until all had ended, s", time.monotonic() - killed)
    fault.count("messages acknowledged", len({name(text) for text in texts} - ended.keys()))
    for text in texts:
        stored, last = before[name(text)], ended[name(text)]
        fault.count("words stored before", not last.text.startswith(stored.text))
        fault.count("endings", last.status not in ("interrupted", "complete"))
        # Who stood in line still does, and is called by the other one.
        fault.count(
            "endings", stored.status == "queued" and not stored.is_claimed and not last.text
        )
    check_pages(fault, person, pages, ended)
