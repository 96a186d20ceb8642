"""The same message twice is one message; two messages at once are one after the other."""

import http.client
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.client.person import Person
from tests.faults.provider import question
from tests.faults.stored import answers, audit, ledger, wait_until_ended


def at_once(*requests):
    """Their answers, asked for at the same moment; None where none came."""
    start = threading.Barrier(len(requests))

    def one(request):
        start.wait()
        try:
            return request()
        except (OSError, http.client.HTTPException):
            return None

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(one, requests))


def leaf_of(site, conversation):
    [(leaf,)] = site.rows(
        "select current_leaf_id from conversations_conversation where id = ?", conversation
    )
    return uuid.UUID(str(leaf))


def test_the_same_message_again_is_one_message_over_two_processes(
    begin_two, provider, fault, seed, rounds
):
    fault.is_called(
        "the same client UUID sent again and again",
        "20 times at once from two tabs at two processes, some after giving up on the first;"
        " first messages and later ones",
        "messages doubled",
        "calls doubled",
        "answers that differ",
        "refusals",
    )
    one, other = begin_two()
    person = Person(one, "ada")
    # A chat to send on in, and its end.
    chat = person.begin(question(3)).conversation
    for number in range(rounds(20)):
        text, client_id = question(3), uuid.uuid4()
        if number % 2:
            wait_until_ended(one)
            leaf = leaf_of(one, chat)
        else:
            leaf = None

        def send(site, text=text, client_id=client_id, leaf=leaf, seconds=60):
            if leaf is None:
                return person.begin(text, client_id, site)
            return person.send(chat, text, leaf, client_id, site, seconds)

        if leaf and seed.random() < 0.5:
            # A page that gives up, and sends it again.
            at_once(lambda: send(one, seconds=0.01))
        sites = [seed.choice([one, other]) for _ in range(20)]
        replies = at_once(*(lambda site=site: send(site) for site in sites))
        fault.injected += 20
        name = text.split()[0]
        ended = wait_until_ended(one)[name]
        fault.count("refusals", sum(reply is None or reply.status != 202 for reply in replies))
        told = {reply.headers["HX-Redirect"] or str(ended.id) in reply.text for reply in replies}
        fault.count("answers that differ", len(told) - 1)
        fault.count("calls doubled", len(provider.calls_of(text)) - 1)
        fault.count("calls doubled", ledger(one)[ended.id] - 1)
    audited = audit(one, provider)

    fault.count("messages doubled", audited.questions_twice)
    assert audited.problems == {}
    assert not any(fault.lost.values()), fault.line


def test_of_two_messages_at_once_one_goes_first_and_the_other_is_told(
    begin_two, provider, fault, seed, rounds
):
    fault.is_called(
        "different messages at once in one chat",
        "2 to 5 messages at the same moment at two processes",
        "races without exactly one winner",
        "refused, but stored",
        "refused without words",
    )
    one, other = begin_two()
    person = Person(one, "ada")
    chats = [person.begin(question(2)).conversation for _ in range(4)]
    for number in range(rounds(200)):
        chat = chats[number % len(chats)]
        wait_until_ended(one)
        leaf = leaf_of(one, chat)
        texts = [question(2) for _ in range(seed.randint(2, 5))]
        requests = [
            partial(person.send, chat, text, leaf, site=seed.choice([one, other])) for text in texts
        ]
        replies = at_once(*requests)
        fault.injected += 1
        statuses = sorted(reply.status for reply in replies)
        fault.count(
            "races without exactly one winner", statuses != [202] + [409] * (len(texts) - 1)
        )
        stored = answers(one)
        for text, reply in zip(texts, replies, strict=True):
            if reply.status == 409:
                fault.count("refused, but stored", text.split()[0] in stored)
                fault.count("refused without words", not reply.words)
    wait_until_ended(one)

    assert audit(one, provider).problems == {}
    assert not any(fault.lost.values()), fault.line
