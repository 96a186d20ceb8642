"""The line before the provider: kept over a crash, fair, and within its limits on all processes."""

import itertools
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.client.person import Person
from tests.client.turns import turns_in
from tests.faults.process import PEOPLE
from tests.faults.provider import most_at_once, most_within, name_of, question
from tests.faults.stored import answers, check, incomplete, ledger, wait_until_ended


def ask_all(people, sites, number, words=20, pause=0.02):
    """So many first messages of each person at the same moment, over all processes."""
    asked = [
        (person, site, question(words, pause, f"{person.name}-{uuid.uuid4().hex[:8]}"))
        for _, site in zip(range(number), itertools.cycle(sites), strict=False)
        for person in people
    ]
    with ThreadPoolExecutor(len(asked)) as pool:
        replies = list(pool.map(lambda one: one[0].begin(one[2], site=one[1]), asked))
    return [(text, reply) for (_, _, text), reply in zip(asked, replies, strict=True)]


def ask_until_ended(fault, people, sites, number, **asked):
    """As `ask_all`, until all are answered."""
    sent = ask_all(people, sites, number, **asked)
    ended = wait_until_ended(sites[0], 150)
    fault.injected += len(sent)
    fault.count("messages lost", incomplete(ended, (text for text, _ in sent)))


def test_the_line_outlives_a_kill(begin, provider, fault, rounds):
    fault.is_called(
        "kill -9 with 20 messages in line",
        "MAX_CALLS=1; 10 messages each of two people wait behind a call that is held",
        "messages in line",
        "calls doubled",
        "turns out of order",
        "cents",
    )
    site = begin(MAX_CALLS="1").start()
    ada, bob = Person(site, "ada"), Person(site, "bob")
    for _ in range(rounds(5)):
        held = question(50, 0.01, f"ada-held-{fault.injected}")
        provider.hold_after(name_of(held), 5)
        before = len(provider.calls)
        ada.begin(held)
        provider.wait_for_request(before + 1)
        texts = []
        for person in (ada, bob):
            texts += [question(3, 0, f"{person.name}-{uuid.uuid4().hex[:8]}") for _ in range(10)]
            for text in texts[-10:]:
                assert person.begin(text).status == 202
        before = len(provider.calls)
        site.kill()
        site.start()
        fault.injected += 1
        ended = wait_until_ended(site)
        names = [name_of(text) for text in texts]
        fault.count("messages in line", incomplete(ended, texts))
        rows = ledger(site)
        for text, name in zip(texts, names, strict=True):
            fault.count("calls doubled", len(provider.calls_of(text)) != 1)
            fault.count("calls doubled", rows[ended[name].id] != 1)
        fault.count(
            "turns out of order", unfair([call.name for call in provider.calls[before:]], names)
        )
    check(fault, site, provider)


def unfair(called, names):
    """Calls that came too early: before one sent earlier by the same person, or two ahead of
    the other person.
    """
    wrong = 0
    for person in ("ada", "bob"):
        wrong += [name for name in called if name.startswith(person)] != [
            name for name in names if name.startswith(person)
        ]
    ahead = itertools.accumulate(1 if name.startswith("ada") else -1 for name in called)
    return wrong + sum(abs(step) > 1 for step in ahead)


def test_calls_at_once_over_two_processes(begin_two, provider, fault, rounds):
    fault.is_called(
        "30 chats at once at two processes, MAX_CALLS=3",
        "all sent at the same moment",
        "calls past the limit",
        "messages lost",
        "cents",
    )
    one, other = begin_two(MAX_CALLS="3")
    ada = Person(one, "ada")
    for _ in range(rounds(5)):
        provider.calls.clear()
        ask_until_ended(fault, [ada], [one, other], 30, words=10, pause=0.01)
        fault.most("calls at once", most_at_once(provider.calls))
        fault.count("calls past the limit", max(0, most_at_once(provider.calls) - 3))
        fault.count("messages lost", len(provider.calls) - 30)
    check(fault, one, provider)


def test_answers_of_one_person_over_two_processes(begin_two, provider, fault, rounds):
    fault.is_called(
        "20 chats at once at two processes, MAX_ANSWERS_PER_PERSON=2",
        "10 of each of two people, all sent at the same moment",
        "calls past the limit",
        "messages lost",
        "cents",
    )
    one, other = begin_two(MAX_ANSWERS_PER_PERSON="2")
    people = [Person(one, "ada"), Person(one, "bob")]
    for _ in range(rounds(5)):
        provider.calls.clear()
        ask_until_ended(fault, people, [one, other], 10, words=10)
        for person in people:
            mine = [call for call in provider.calls if call.name.startswith(person.name)]
            fault.most("calls of one person at once", most_at_once(mine))
            fault.count("calls past the limit", max(0, most_at_once(mine) - 2))
    check(fault, one, provider)


def test_calls_in_a_minute_over_two_processes(begin_two, provider, fault, rounds):
    fault.is_called(
        "15 chats at once at two processes, MAX_REQUESTS_PER_MINUTE=10",
        "all sent at the same moment; the last 5 wait for the next minute",
        "calls past the limit",
        "messages lost",
        "cents",
    )
    one, other = begin_two(MAX_REQUESTS_PER_MINUTE="10")
    ada = Person(one, "ada")
    sent = ask_all([ada], [one, other], 15, words=3, pause=0)
    fault.injected += 15
    # In a short run only the first seconds are looked at.
    if rounds(100) < 100:
        provider.wait_for_request(10)
        time.sleep(3)
        fault.count("calls past the limit", len(provider.calls) - 10)
        statuses = sorted(answer.status for answer in answers(one).values())
        fault.count("messages lost", statuses.count("queued") != 5)
        assert not any(fault.lost.values()), fault.line
        return
    ended = wait_until_ended(one, 150)
    # Counted when a call is opened; it may reach a provider a moment later, and the next earlier.
    most = most_within(opened_at(one), 59.9)
    at_provider = [call.request.at for call in provider.calls]
    fault.most("as the provider saw it", most_within(at_provider, 59.9))
    fault.most("calls within a minute", most)
    fault.count("calls past the limit", max(0, most - 10))
    fault.count("messages lost", incomplete(ended, (text for text, _ in sent)))
    check(fault, one, provider)


def test_messages_of_one_person_in_a_minute(begin_two, provider, fault, rounds):
    fault.is_called(
        "40 messages of one person at once at two processes, MAX_MESSAGES_PER_MINUTE=10",
        "all sent at the same moment",
        "accepted past the limit, or refused below it",
        "refused without words",
        "refused, but stored",
        "cents",
    )
    one, other = begin_two(MAX_MESSAGES_PER_MINUTE="10")
    # Each has an allowance of their own.
    for name in PEOPLE[: rounds(4)]:
        replies = ask_all([Person(one, name)], [one, other], 40, words=2, pause=0)
        fault.injected += 40
        count_refusals(fault, one, replies, 10, "accepted past the limit, or refused below it")
    check(fault, one, provider)


def test_past_the_bound_of_the_line_one_is_refused(begin_two, provider, fault, rounds):
    fault.is_called(
        "20 messages at once at two processes, room for 6 in line",
        "MAX_CALLS=1 and MAX_QUEUED=6 behind a call that is held",
        "accepted past the bound, or refused below it",
        "refused without words",
        "refused, but stored",
        "cents",
    )
    one, other = begin_two(MAX_CALLS="1", MAX_QUEUED="6")
    ada = Person(one, "ada")
    held = question(10)
    gate = provider.hold_after(name_of(held), 5)
    chat = ada.begin(held).conversation
    provider.wait_for_request(1)
    replies = ask_all([ada], [one, other], 20, words=2, pause=0)
    fault.injected += 20
    in_line = next(reply for _, reply in replies if reply.status == 202)
    [*_, waiting] = turns_in(ada.get(f"/c/{in_line.conversation}/").text)
    assert waiting.status == "queued"
    gate.set()
    count_refusals(fault, one, replies, 6, "accepted past the bound, or refused below it")
    assert turns_in(ada.get(f"/c/{chat}/").text)[-1].status == "complete"
    check(fault, one, provider)


def count_refusals(fault, site, replies, most, past):
    accepted = [text for text, reply in replies if reply.status == 202]
    refused = [(text, reply) for text, reply in replies if reply.status != 202]
    ended = wait_until_ended(site)
    fault.figures["accepted each time"] = len(accepted)
    fault.count(past, abs(len(accepted) - most))
    fault.figures["refused with"] = str(dict(Counter(reply.status for _, reply in refused)))
    told = [reply.status == 429 and reply.words for _, reply in refused]
    fault.count("refused without words", len(told) - sum(map(bool, told)))
    stored = {answer.question for answer in ended.values()}
    fault.count("refused, but stored", len(stored & {text for text, _ in refused}))
    fault.count(past, incomplete(ended, accepted))


def opened_at(site):
    """When each call was entered in the ledger, in seconds since 1970."""
    moments = site.rows("select created_at from conversations_completion")
    return [moment.timestamp() for (moment,) in moments]
