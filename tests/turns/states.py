"""What must be true of answers while anything happens to them, for `test_states`."""

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from conversations import accounting, line
from conversations.errors import RateLimited, ServerFailed
from conversations.models import Completion, Gate, Message, ProviderLimit, Reservation, Status
from conversations.tokens import Usage
from conversations.turns import sweeps
from conversations.turns.sharing import others
from conversations.turns.writing.calls import CallFacts


@dataclass(eq=False)
class Known:
    """What must be true of an answer. `run` is None in line and when it has ended."""

    id: uuid.UUID
    conversation: uuid.UUID
    status: Status = Status.QUEUED
    text: str = ""
    run: uuid.UUID | None = None
    stop_asked: bool = False
    is_stale: bool = False  # its beat is older than the time after which it is taken over
    is_overdue: bool = False  # it has stood in line for as long as any may
    calls: int = 0
    is_open: bool = False  # its newest call

    @property
    def is_running(self):
        return self.status in (Status.QUEUED, Status.STREAMING)

    @property
    def is_in_line(self):
        return self.status == Status.QUEUED and self.run is None

    def end(self, status, text):
        self.status, self.text, self.run, self.is_open = status, text, None, False


@dataclass(eq=False)
class Writer:
    """A run somewhere, with what it knows: it is not told that another has taken over."""

    known: Known
    run: uuid.UUID
    answer: Message
    text: str
    has_begun: bool = False
    has_more: bool = False  # anything since its call began

    @property
    def holds(self):
        return self.known.is_running and self.known.run == self.run


@contextmanager
def database_that_fails(at):
    """At its statement of this number; None: never. True in the list if it did."""
    made, failed = 0, []

    def execute(go_on, *args):
        nonlocal made
        made += 1
        if made == at:
            failed.append(True)
            raise OperationalError("the database is away")
        return go_on(*args)

    with connection.execute_wrapper(execute):
        try:
            yield failed
        except OperationalError:
            assert failed


FAILS = st.none() | st.none() | st.integers(1, 12)
PIECES = st.text("ab é🦊\n", min_size=1, max_size=5)
FACTS = st.sampled_from([CallFacts(), CallFacts(is_charged=False), CallFacts(usage=Usage(9, 2))])
FAILURES = st.sampled_from(
    [ServerFailed("500"), RateLimited(retry_after=5), RateLimited(retry_after=86_400)]
)
ANY = st.integers(0, 999)
PAST = timedelta(hours=1)
HERE, THERE = others.PROCESS, uuid.UUID(int=7)


def has_answers(machine):
    return bool(machine.known)


def has_writers(machine):
    return bool(machine.writers)


def has_line(machine):
    return any(one.is_in_line for one in machine.known.values())


class Checked(RuleBasedStateMachine):
    """After each step the rows say what is known."""

    def __init__(self):
        super().__init__()
        self.known: dict[uuid.UUID, Known] = {}
        self.writers: list[Writer] = []
        self.settled: dict[int, tuple] = {}

    @invariant()
    def the_rows_say_what_is_known(self):
        for row in Message.objects.filter(pk__in=self.known):
            one = self.known[row.pk]
            if one.is_in_line and one.stop_asked and row.status == Status.STOPPED:
                one.end(Status.STOPPED, one.text)  # whoever noticed first
            assert (row.status, row.text) == (one.status, one.text)
            assert row.is_running == (row.ended_at is None)
            if row.is_running:
                assert (row.run, row.stop_asked) == (one.run, one.stop_asked)

    @invariant()
    def the_ledger_has_each_call_once(self):
        rows = Completion.objects.values_list(
            "pk", "message_id", "ended_at", "cost", "prompt_tokens", "completion_tokens"
        )
        calls = list(rows)
        for one in self.known.values():
            own = [row for row in calls if row[1] == one.id]
            assert len(own) == one.calls
            assert sum(row[2] is None for row in own) == one.is_open
        settled = {row[0]: row for row in calls if row[2] is not None}
        assert all(settled[pk] == row for pk, row in self.settled.items())
        self.settled = settled

    @invariant()
    def totals_are_the_sum_of_the_ledger(self):
        assert accounting.audit() == []

    @invariant()
    def what_is_held_back_is_for_what_may_still_cost_something(self):
        assert not Completion.objects.open().filter(reservation=None).exists()
        assert not Reservation.objects.orphaned().exists()

    def one(self, index):
        return list(self.known.values())[index % len(self.known)]


def swept(one):
    """What it is that nobody writes any more."""
    return Status.STOPPED if one.stop_asked else Status.INTERRUPTED


class Timed(Checked):
    """Time passes by moments written into the past; what nobody writes any more is swept."""

    @precondition(has_answers)
    @rule(index=ANY)
    def one_is_silent_for_too_long(self, index):
        one = self.one(index)
        Message.objects.filter(pk=one.id).update(beat=Now() - PAST)
        one.is_stale = True

    @precondition(has_line)
    @rule(index=ANY)
    def one_stands_in_line_for_too_long(self, index):
        one = self.one(index)
        Message.objects.filter(pk=one.id).update(queued_at=timezone.now() - PAST)
        one.is_overdue = True

    @precondition(has_line)
    @rule()
    def waits_are_over(self):
        past = timezone.now() - PAST
        Message.objects.filter(not_before__gt=past).update(not_before=past)
        Gate.objects.filter(open_until__gt=past).update(open_until=past)
        ProviderLimit.objects.update(blocked_until=None)

    @precondition(has_answers)
    @rule(fails=FAILS)
    def sweeps(self, fails):
        with database_that_fails(fails) as failed:
            sweeps.end_all_dead_answers()
        if failed:
            self.see_how_far_the_sweep_came()
        else:
            self.was_swept()

    @precondition(has_writers)
    @rule()
    def the_only_process_begins_anew(self):
        self.writers.clear()
        Message.objects.claimed().update(beat=Now() - PAST)
        for one in self.known.values():
            one.is_stale = one.is_stale or one.run is not None
        sweeps.end_all_answers_before(timezone.now())
        line.adopt(HERE)
        self.was_swept()

    def was_swept(self, chat=None):
        """Those whose run was silent for too long are interrupted, or stand in line again."""
        for one in self.known.values():
            if one.is_running and one.run and one.is_stale and chat in (None, one.conversation):
                if one.status == Status.QUEUED and not one.stop_asked:
                    one.run = None
                else:
                    one.end(swept(one), one.text)

    def see_how_far_the_sweep_came(self):
        """Each is as it was, as after the sweep, or taken over by one that could not end it."""
        for row in Message.objects.filter(pk__in=self.known):
            one = self.known[row.pk]
            if one.run and one.is_stale and row.run != one.run:
                if row.status == swept(one):
                    one.end(swept(one), one.text)
                else:
                    assert (row.run is None) == (one.status == Status.QUEUED)
                    one.run, one.is_stale = row.run, row.run is None
