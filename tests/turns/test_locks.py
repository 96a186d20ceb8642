"""Two at once on PostgreSQL: rows are locked in one order, so that nobody waits in a ring.

Each test holds one of the two in the middle of its work until the other one waits for a lock of
it. Where both would wait, PostgreSQL ends one of them with "deadlock detected".
"""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conversations import accounting, line, threads
from conversations.errors import ContextLengthExceeded, JsonNotMentioned
from conversations.line import store as line_store
from conversations.line.store import hold_gate
from conversations.models import (
    Allowance,
    Completion,
    Gate,
    Message,
    ResponseFormat,
    Role,
    Standing,
    Status,
)
from conversations.threads import standing, versions
from conversations.turns import Wish, admission, make_draft
from conversations.turns.drafting.draft import ask_of, draft_of
from conversations.turns.writing import calls, chronicle, endings, store, summaries
from conversations.turns.writing.endings import Ending, end_answer, end_attempt
from tests.patience import PATIENCE
from tests.people import make_conversation, say

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets one write at a time"
)


@pytest.fixture(autouse=True)
def stored(transactional_db, prices, settings):
    """What a test stores is there for its threads, and so is the gate."""
    Gate.objects.create(pk=1)
    settings.DEMO_MODE = True
    settings.MAX_MESSAGES_PER_MINUTE = 1_000


@pytest.fixture
def at_once():
    """Runs these in threads with connections of their own; what they returned."""

    def closing(work):
        try:
            return work()
        finally:
            connection.close()

    def run(*works):
        with ThreadPoolExecutor(len(works)) as pool:
            return [each.result(PATIENCE) for each in [pool.submit(closing, it) for it in works]]

    return run


class Halfway:
    """`first` gets into the middle of its work, then `second` begins and runs into its locks."""

    def __init__(self):
        self._is_there = threading.Event()

    def stop_after(self, function):
        """Let this function return only when somebody waits for a lock."""

        def stopping(*args, **kwargs):
            found = function(*args, **kwargs)
            self.wait_for_the_other()
            return found

        return stopping

    def stop_before(self, function):
        def stopping(*args, **kwargs):
            self.wait_for_the_other()
            return function(*args, **kwargs)

        return stopping

    def wait_for_the_other(self):
        self._is_there.set()
        until = time.monotonic() + PATIENCE
        while not somebody_waits():
            assert time.monotonic() < until, "the other one met no lock"
            time.sleep(0.01)

    def then(self, second):
        def work():
            assert self._is_there.wait(PATIENCE)
            return second()

        return work


def somebody_waits():
    with connection.cursor() as cursor:
        # Within a transaction this view is as it was first seen.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


@pytest.fixture
def halfway():
    return Halfway()


# --- admissions, summaries, the gate ----------------------------------------------------------


@pytest.fixture
def conversation(alice):
    return make_conversation(alice)


@pytest.fixture
def job(conversation):
    draft = make_draft(conversation, [], "Summarise.")
    return summaries.Job(conversation, draft, uuid.uuid4(), "", None)


def send(conversation):
    wish = Wish("Hello?", uuid.uuid4(), None)
    return admission.admit(conversation.owner, conversation, wish).is_new


def test_a_summary_begins_while_a_message_is_taken_in(
    conversation, job, at_once, halfway, monkeypatch
):
    monkeypatch.setattr(line, "enter", halfway.stop_before(line.enter))

    sent, call = at_once(
        lambda: send(conversation), halfway.then(lambda: summaries._open_if_idle(job))
    )

    # The answer's turn comes first.
    assert (sent, call) == (True, None)


def test_a_message_is_taken_in_while_a_summary_begins(
    conversation, job, at_once, halfway, monkeypatch
):
    monkeypatch.setattr(line, "is_idle", halfway.stop_after(line.is_idle))

    call, sent = at_once(
        lambda: summaries._open_if_idle(job), halfway.then(lambda: send(conversation))
    )

    assert (sent, call) == (True, Completion.objects.get())


def test_many_messages_of_one_person_at_once_are_all_counted(alice, at_once):
    workers, each = 8, 10

    def enter():
        for _ in range(each):
            with transaction.atomic():
                line.enter(alice.pk, uuid.uuid4())

    at_once(*[enter] * workers)

    assert len(Allowance.objects.get(user=alice).recent) == workers * each


def test_the_clock_is_read_once_the_gate_is_held(at_once, halfway):
    def first():
        with transaction.atomic():
            hold_gate()
            halfway.wait_for_the_other()
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                return cursor.fetchone()[0]

    def second():
        with transaction.atomic():
            return hold_gate()[1]

    left, came = at_once(first, halfway.then(second))

    assert came > left


# --- the line: who lets many go, and who says something of many ------------------------------

HERE, THERE = uuid.UUID(int=1), uuid.UUID(int=2)
MANY, ROUNDS = 10, 40
OF_MANY = {
    "beat": lambda: line.beat(THERE),
    "adopt": lambda: line.adopt(THERE),
    "abandon": lambda: line.abandon(THERE),
}


@pytest.fixture
def dead_line(alice, bob):
    """Those who stand in the line of a process that was silent for too long. They go in another
    order than they came, and are stored: it is Bob's turn first.
    """
    now = timezone.now()
    Allowance.objects.create(user=alice, served_at=now)
    standing = {"status": Status.QUEUED, "model": "gpt-4o-mini", "home": THERE}
    return [
        say(
            make_conversation(owner),
            Role.ASSISTANT,
            "",
            queued_at=now - timedelta(seconds=MANY - number),
            beat=now - timedelta(hours=1),
            **standing,
        ).pk
        for number, owner in enumerate([alice, bob] * (MANY // 2))
    ]


@pytest.mark.parametrize("of_many", OF_MANY.values(), ids=OF_MANY)
def test_a_process_lets_them_go_while_another_says_something_of_all(
    dead_line, at_once, halfway, monkeypatch, settings, of_many
):
    settings.MAX_ANSWERS_PER_PERSON = MANY
    monkeypatch.setattr(line_store, "_claim", halfway.stop_after(line_store._claim))

    look, _ = at_once(lambda: line.take(HERE, MANY), halfway.then(of_many))

    assert {one.answer for one in look.taken} == set(dead_line)


@pytest.mark.parametrize("of_many", OF_MANY.values(), ids=OF_MANY)
def test_again_and_again(dead_line, at_once, of_many, settings):
    """Without a hand in it: whoever comes first."""
    settings.TAKEOVER_SECONDS, settings.MAX_ANSWERS_PER_PERSON = 0, MANY

    def let_go():
        for _ in range(ROUNDS):
            for one in line.take(HERE, MANY).taken:
                Message.objects.filter(pk=one.answer).update(run=None, home=THERE, claims=0)

    def say_something():
        for _ in range(ROUNDS):
            of_many()

    at_once(let_go, say_something)

    assert Message.objects.in_line().count() == len(dead_line)


# --- an answer that ends while its thread is changed ------------------------------------------


@pytest.fixture
def question(conversation):
    return say(conversation, Role.USER, "Tea?")


@pytest.fixture
def old_answer(conversation, question):
    return say(conversation, Role.ASSISTANT, "No.", question)


@pytest.fixture
def answer(conversation, question, old_answer):
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    return say(conversation, Role.ASSISTANT, "Y", question, **running)


def end(answer):
    return bool(end_answer(answer, answer.run, Ending(Status.COMPLETE, "Yes.")))


def test_an_answer_ends_while_its_reader_goes_to_another_version(
    conversation, old_answer, answer, at_once, halfway, monkeypatch
):
    monkeypatch.setattr(versions, "tree", halfway.stop_after(versions.tree))

    _, has_ended = at_once(
        lambda: threads.switch_to(conversation, old_answer), halfway.then(lambda: end(answer))
    )

    assert has_ended
    conversation.refresh_from_db()
    answer.refresh_from_db()
    assert (answer.text, answer.status) == ("Yes.", Status.COMPLETE)
    assert conversation.current_leaf == old_answer
    assert answer.last_leaf == answer


def test_an_answer_ends_while_it_is_pinned(conversation, answer, at_once, halfway, monkeypatch):
    monkeypatch.setattr(standing, "hold", halfway.stop_after(standing.hold))

    _, has_ended = at_once(
        lambda: threads.set_standing(answer, Standing.PINNED), halfway.then(lambda: end(answer))
    )

    assert has_ended
    found = Message.objects.get(pk=answer.pk)
    assert (found.text, found.standing) == ("Yes.", Standing.PINNED)


@pytest.mark.parametrize("step", ["switch", "pin"])
def test_a_thread_is_changed_while_its_answer_ends(
    conversation, old_answer, answer, at_once, halfway, monkeypatch, step
):
    monkeypatch.setattr(chronicle, "tell_turn", halfway.stop_before(chronicle.tell_turn))
    change = {
        "switch": lambda: threads.switch_to(conversation, old_answer),
        "pin": lambda: threads.set_standing(answer, Standing.PINNED),
    }[step]

    has_ended, _ = at_once(lambda: end(answer), halfway.then(change))

    assert has_ended
    assert Message.objects.get(pk=answer.pk).status == Status.COMPLETE


def test_a_call_with_less_begins_while_its_answer_is_taken_over(
    conversation, at_once, halfway, monkeypatch
):
    monkeypatch.setattr(store, "open_call", halfway.stop_after(store.open_call))
    for role in (Role.USER, Role.ASSISTANT, Role.USER):
        last = say(conversation, role, "Rain, rain. ")
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    answer = say(conversation, Role.ASSISTANT, "", last, **running)
    sent = draft_of(ask_of(store.running_answer(answer.pk)))

    begun, has_ended = at_once(
        lambda: store.begin_shorter_call(answer.pk, answer.run, sent, ContextLengthExceeded()),
        halfway.then(lambda: end(answer)),
    )

    conversation.refresh_from_db()
    assert (begun.changes, has_ended, conversation.changes) == (1, True, 2)


def test_one_that_can_no_longer_be_sent_is_pinned_meanwhile(
    conversation, at_once, halfway, monkeypatch
):
    monkeypatch.setattr(store, "settle", halfway.stop_before(store.settle))
    question = say(conversation, Role.USER, "Tea?")
    waiting = {"status": Status.QUEUED, "run": uuid.uuid4()}
    answer = say(
        conversation,
        Role.ASSISTANT,
        "",
        question,
        response_format=ResponseFormat.JSON_OBJECT,
        **waiting,
    )

    def begin():
        with pytest.raises(JsonNotMentioned):
            store.begin_call(answer.pk, answer.run)

    at_once(begin, halfway.then(lambda: threads.set_standing(answer, Standing.PINNED)))

    found = Message.objects.get(pk=answer.pk)
    assert (found.standing, found.call.error) == (Standing.PINNED, JsonNotMentioned.code)


def test_an_attempt_is_settled_while_its_answer_is_taken_over(
    conversation, answer, at_once, halfway, monkeypatch
):
    account = accounting.account_of(conversation.owner_id)
    draft = draft_of(ask_of(store.running_answer(answer.pk)))
    calls.open_call(draft, conversation, account, answer=answer)
    monkeypatch.setattr(endings, "settle", halfway.stop_before(endings.settle))
    other = uuid.uuid4()

    def take_over():
        Message.objects.filter(pk=answer.pk).update(run=other)
        return end_answer(answer, other, Ending(Status.INTERRUPTED, "Yes."))

    _, has_ended = at_once(
        lambda: end_attempt(answer.pk, answer.run, endings.CallFacts()), halfway.then(take_over)
    )

    assert has_ended
    assert Message.objects.get(pk=answer.pk).status == Status.INTERRUPTED
