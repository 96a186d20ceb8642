"""A provider that fails: calls are made again before the first token, and never after it."""

import email.utils
import time

from tests.client.person import Person
from tests.client.turns import turns_in
from tests.deploy.machine import wait_for
from tests.faults.provider import Provider, question
from tests.faults.stored import answers, check, incomplete, ledger, wait_until_ended
from tests.site import free_port
from tests.upstream.scripts import (
    close,
    content,
    done,
    error_response,
    hang,
    reset,
    role_chunk,
)

# Waits at a tenth and less; a circuit that never opens, but where it is what is tried.
PATIENT = {
    "RETRY_SECONDS": "120",
    "RETRY_BASE_SECONDS": "0.1",
    "RETRY_CAP_SECONDS": "0.5",
    "CIRCUIT_FAILURES": "100000",
    # Longer than a busy machine stalls: that would be one more failure.
    "UPSTREAM_FIRST_TOKEN_SECONDS": "15",
}


def limited(**headers):
    return error_response(429, "rate_limit_exceeded", "Slow down.", headers=headers)


def in_a_second():
    return email.utils.formatdate(time.time() + 1.5, usegmt=True)


# Each fails before the first token, in a way that may get better.
FAILURES = {
    "429, Retry-After in seconds": lambda: limited(**{"retry-after": "1"}),
    "429, Retry-After as a date": lambda: limited(**{"retry-after": in_a_second()}),
    "429, retry-after-ms": lambda: limited(**{"retry-after-ms": "150"}),
    "429 alone": limited,
    "500": lambda: error_response(500),
    "503": lambda: error_response(503),
    "reset before an answer": lambda: [reset()],
    "closed before an answer": lambda: [close()],
    "silence": lambda: [role_chunk(), hang()],
    "an empty stream": lambda: [done()],
    "closed after the role": lambda: [role_chunk(), close()],
}
# Each breaks the stream after five words.
BREAKS = {
    "reset": [reset()],
    "closed": [close()],
    "no finish reason": [done()],
    "an error in the stream": [{"error": {"message": "Overloaded.", "code": "overloaded"}}, done()],
}


def test_failures_before_the_first_token(begin, provider, fault, seed, rounds):
    fault.is_called(
        "a call that fails before its first token",
        f"0 to 3 times per message, at random: {', '.join(FAILURES)}",
        "messages not answered once",
        "attempts not in the ledger",
        "cents",
    )
    site = begin(**PATIENT).start()
    ada = Person(site, "ada")
    plans = {}

    def first(call):
        plan = plans[call.name]
        return plan.pop()() if plan else None

    provider.first = first
    for _ in range(rounds(10)):
        texts = [question(10) for _ in range(8)]
        wanted = {}
        for text in texts:
            plan = [FAILURES[seed.choice(list(FAILURES))] for _ in range(seed.randint(0, 3))]
            fault.injected += len(plan)
            plans[text.split()[0]] = plan
            wanted[text] = len(plan) + 1
            assert ada.begin(text).status == 202
        ended = wait_until_ended(site)
        rows = ledger(site)
        for text in texts:
            answer = ended[text.split()[0]]
            calls = len(provider.calls_of(text))
            fault.count(
                "messages not answered once", answer.status != "complete" or calls != wanted[text]
            )
            fault.count("attempts not in the ledger", abs(rows[answer.id] - calls))
    check(fault, site, provider)


def test_a_stream_that_breaks_after_text(begin, provider, fault, seed, rounds):
    fault.is_called(
        "a stream that breaks after five words",
        f"one of: {', '.join(BREAKS)}",
        "words arrived",
        "called again by itself",
        "answers without Continue",
        "cents",
    )
    site = begin(**PATIENT).start()
    ada = Person(site, "ada")
    for _ in range(rounds(10)):
        for breaking in BREAKS.values():
            text = question(10)
            five = [content(word) for word in ("w0", " w1", " w2", " w3", " w4")]
            provider.first = lambda call, steps=breaking, five=five: [role_chunk(), *five, *steps]
            chat = ada.begin(text).conversation
            answer = wait_until_ended(site)[text.split()[0]]
            fault.injected += 1
            fault.count("words arrived", answer.text != "w0 w1 w2 w3 w4")
            fault.count("called again by itself", len(provider.calls_of(text)) - 1)
            [*_, shown] = turns_in(ada.get(f"/c/{chat}/").text)
            offered = shown.status == "failed" and {"continue", "retry"} <= shown.offers
            fault.count("answers without Continue", not offered)
            provider.first = lambda call: None
            assert ada.act(chat, answer.id, "continue").status == 202
            whole = wait_until_ended(site)[text.split()[0]]
            fault.count("words arrived", whole.status != "complete")
    check(fault, site, provider)


def test_a_provider_that_is_down_for_a_while(begin, provider, fault, rounds):
    seconds, messages, failures, at_once = 10.0, 20, 5, 4
    fault.is_called(
        "a provider that answers 503 for a while",
        f"{messages} messages within {seconds:g} s of it; circuit after {failures} failures,"
        f" {at_once} calls at once",
        "messages not answered",
        "calls past what the circuit lets through",
        "cents",
    )
    circuit = {
        "CIRCUIT_FAILURES": str(failures),
        "CIRCUIT_SECONDS": "0.5",
        "CIRCUIT_CAP_SECONDS": "2",
        "MAX_CALLS": str(at_once),
    }
    site = begin(**{**PATIENT, **circuit}).start()
    ada = Person(site, "ada")
    for _ in range(rounds(3)):
        until, refused = time.monotonic() + seconds, []

        def first(call, until=until, refused=refused):
            if time.monotonic() >= until:
                return None
            refused.append(call)
            return error_response(503)

        provider.first = first
        texts = [question(5) for _ in range(messages)]
        for text in texts:
            assert ada.begin(text).status == 202
        time.sleep(max(0.0, until - time.monotonic()))
        ended = wait_until_ended(site)
        down = len(refused)
        fault.injected += 1
        # Until it opens: the failures, and those under way by then. Then one at a time, after
        # 0.5, 1, 2, 2 … seconds.
        most = failures + at_once + 3 + seconds / 2
        fault.most("calls while it was down", down)
        fault.count("calls past what the circuit lets through", max(0, int(down - most)))
        fault.count("messages not answered", incomplete(ended, texts))
    check(fault, site, provider)


def test_a_provider_that_cannot_be_reached(begin, fault, rounds):
    fault.is_called(
        "no connection to the provider",
        "connection refused for some seconds, then it is there",
        "messages not answered",
        "attempts not in the ledger",
        "cents",
    )
    for _ in range(rounds(3)):
        port = free_port()
        site = begin(
            OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", **PATIENT, CIRCUIT_CAP_SECONDS="1"
        ).start()
        ada = Person(site, "ada")
        texts = [question(5) for _ in range(5)]
        for text in texts:
            assert ada.begin(text).status == 202
        wait_for(
            lambda site=site: all(ledger(site)[each.id] >= 2 for each in answers(site).values()),
            "a second try of each",
        )
        with Provider(port) as late:
            ended = wait_until_ended(site)
            fault.injected += 1
            fault.count("messages not answered", incomplete(ended, texts))
            rows = ledger(site)
            tried = [rows[ended[text.split()[0]].id] for text in texts]
            fault.count("attempts not in the ledger", sum(number < 2 for number in tried))
            check(fault, site, late)
        site.gone()
