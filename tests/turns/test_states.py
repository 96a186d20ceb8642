"""Every way through the states of an answer, with the real functions and the real database.

Hypothesis draws what happens: messages, looks at the line, deltas, flushes, stops, retries,
Continue, processes that die or wake up late, sweeps, a database that fails at any statement.
`Known` is what has to be true of an answer by then. After each step the rows say exactly that:

- one ending, never left again but by Continue, and with exactly the text that had arrived;
- of an answer that lost its process the text of its last flush, never less, and nothing that a
  process wrote after another one had taken over;
- one row in the ledger for each call, settled once, and the chat's totals are their sum;
- when everybody has come to an end, nothing is left open.
"""

import logging
import sys
import uuid

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from conversations import line
from conversations.errors import AnswerRunning
from conversations.models import (
    Completion,
    Conversation,
    DayUsage,
    Gate,
    Message,
    ProviderLimit,
    Reservation,
    Spending,
    Status,
)
from conversations.turns import Wish, admission, sweeps
from conversations.turns.writing import store
from conversations.turns.writing.calls import CallFacts
from conversations.turns.writing.endings import Ending, end_answer, end_attempt
from tests.people import make_conversation, make_person
from tests.turns.states import (
    ANY,
    FACTS,
    FAILS,
    FAILURES,
    HERE,
    PAST,
    PIECES,
    THERE,
    Known,
    Timed,
    Writer,
    database_that_fails,
    has_answers,
    has_line,
    has_writers,
)

THEN = ["it waits", "it is called again", "it shall stop"]
ENDINGS = [Status.COMPLETE, Status.STOPPED, Status.INTERRUPTED, Status.FAILED]


class Answers(Timed):
    @initialize()
    def begin(self):
        self.alice = make_person("alice")
        self.chats = [make_conversation(self.alice).pk for _ in range(2)]

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self.come_to_an_end()
        finally:
            Completion.objects.all().delete()
            gone = (Reservation, DayUsage, Spending, type(self.alice), Gate, ProviderLimit)
            for model in gone:
                model.objects.all().delete()

    def is_busy(self, chat):
        return any(one.is_running and one.conversation == chat.pk for one in self.known.values())

    def chat(self, index):
        return Conversation.objects.get(pk=self.chats[index % len(self.chats)])

    def writer(self, index):
        return self.writers[index % len(self.writers)]

    # --- somebody asks for something ----------------------------------------------------------

    @rule(index=ANY, twice=st.booleans())
    def sends(self, index, twice):
        chat = self.chat(index)
        wish = Wish("Tea?", uuid.uuid4(), chat.current_leaf_id)
        self.was_swept(chat.pk)
        if self.is_busy(chat):
            with pytest.raises(AnswerRunning):
                admission.admit(self.alice, chat, wish)
            return
        admitted = admission.admit(self.alice, chat, wish)
        self.known[admitted.answer.pk] = Known(admitted.answer.pk, chat.pk)
        if twice:
            again = admission.admit(self.alice, chat, wish)
            assert (again.answer.pk, again.is_new) == (admitted.answer.pk, False)

    @rule(index=ANY, pieces=st.lists(PIECES, min_size=1, max_size=2), is_stored=st.booleans())
    def an_answer_is_half_written(self, index, pieces, is_stored):
        """What happens most of the time, so that what comes next is about some text."""
        self.sends(index, False)
        self.waits_are_over()
        for writer in self.go_on(HERE):
            for piece in pieces * writer.has_begun:
                writer.text, writer.has_more = writer.text + piece, True
            if is_stored:
                self.store(writer)

    @precondition(has_answers)
    @rule(index=ANY)
    def tries_again(self, index):
        chat = self.chat(index)
        old = self.known.get(chat.current_leaf_id)
        sweeps.end_dead_answers(chat)
        self.was_swept(chat.pk)
        if old and not self.is_busy(chat):
            row = Message.objects.select_related("parent").get(pk=old.id)
            admitted = admission.admit_retry(self.alice, chat, row, uuid.uuid4())
            self.known[admitted.answer.pk] = Known(admitted.answer.pk, chat.pk)

    @precondition(has_answers)
    @rule(index=ANY, fails=FAILS, goes_on=st.booleans())
    def continues(self, index, fails, goes_on):
        if not any(one.text for one in self.known.values()):
            self.an_answer_is_half_written(index, ["Half"], True)
            for writer in self.writers:
                self.end(writer, Status.STOPPED, CallFacts())
        chat = self.chat(index)
        old = self.known.get(chat.current_leaf_id)
        sweeps.end_dead_answers(chat)
        self.was_swept(chat.pk)
        if old and old.text and not old.is_running and not self.is_busy(chat):
            row = Message.objects.get(pk=old.id)
            with database_that_fails(fails) as failed:
                admission.admit_continuation(self.alice, chat, row, uuid.uuid4())
            if not failed:
                old.status, old.stop_asked = Status.QUEUED, False
                old.is_stale = old.is_overdue = False
                if goes_on:
                    self.go_on(HERE)

    @precondition(has_answers)
    @rule(index=ANY, dies=st.booleans())
    def stops(self, index, dies):
        """As `turns.stop` does it; the process that was asked may die after the first step."""
        self.stop(self.one(index), dies)

    def stop(self, one, dies):
        asked = store.ask_to_stop(Conversation.objects.get(pk=one.conversation), one.id)
        assert asked == one.is_running
        one.stop_asked = one.stop_asked or asked
        if not dies:
            assert bool(store.cancel(one.id)) == one.is_in_line
            if one.is_in_line:
                one.end(Status.STOPPED, one.text)

    @precondition(has_line)
    @rule(index=ANY)
    def tries_now(self, index):
        one = self.one(index)
        assert line.try_now(one.id) == one.is_in_line

    # --- the line -----------------------------------------------------------------------------

    @precondition(has_line)
    @rule(
        home=st.sampled_from([HERE, HERE, THERE]),
        room=st.integers(0, 3),
        fails=FAILS,
        dies=st.booleans(),
    )
    def looks_at_the_line(self, home, room, fails, dies):
        look = line.Look()
        with database_that_fails(fails) as failed:
            look = line.take(home, room)
        assert not (failed and look.taken)
        for taken in (*look.taken, *look.given_up, *look.stopped):
            one = self.known[taken.answer]
            assert one.is_in_line
            one.run, one.is_stale = taken.run, False
            answer = store.answer_of(taken)
            if taken in look.taken:
                self.writers.append(Writer(one, taken.run, answer, answer.text))
            elif dies:
                continue
            elif taken in look.stopped:
                assert one.stop_asked
                assert store.end_stopped(taken)
                one.end(Status.STOPPED, one.text)
            else:
                assert store.give_up(taken)
                one.end(Status.FAILED, one.text)

    @precondition(has_line)
    @rule()
    def leaves_the_line_to_others(self):
        line.abandon(HERE)

    # --- a run --------------------------------------------------------------------------------

    @precondition(lambda self: any(not one.has_begun for one in self.writers))
    @rule(index=ANY, fails=FAILS)
    def calls(self, index, fails):
        waiting = [one for one in self.writers if not one.has_begun]
        self.make_call(waiting[index % len(waiting)], fails)

    def go_on(self, home):
        """Whose turn it is now calls."""
        self.looks_at_the_line(home, 9, None, False)
        begun = [one for one in self.writers if not one.has_begun]
        for writer in begun:
            self.make_call(writer)
        return begun

    def without_text(self, index):
        """One whose call has brought nothing yet, a new one where there is none."""
        for _ in range(2):
            found = [one for one in self.writers if one.has_begun and not one.has_more]
            if found:
                return found[index % len(found)]
            self.an_answer_is_half_written(index, [], False)
        return None

    def make_call(self, writer, fails=None):
        begun = None
        with database_that_fails(fails) as failed:
            begun = store.begin_call(writer.known.id, writer.run)
        assert bool(begun) == (writer.holds and not failed)
        if begun:
            known, writer.has_begun = writer.known, True
            known.status, known.is_stale, known.is_open = Status.STREAMING, False, True
            known.calls += 1

    @precondition(lambda self: any(one.has_begun for one in self.writers))
    @rule(index=ANY, piece=PIECES)
    def something_arrives(self, index, piece):
        called = [one for one in self.writers if one.has_begun]
        writer = called[index % len(called)]
        writer.text, writer.has_more = writer.text + piece, True

    @precondition(has_writers)
    @rule(index=ANY, fails=FAILS, is_beat=st.booleans())
    def flushes_or_beats(self, index, fails, is_beat):
        self.store(self.writer(index), fails, is_beat)

    def store(self, writer, fails=None, is_beat=False):
        known, held = writer.known, None
        with database_that_fails(fails) as failed:
            if is_beat:
                held = store.beat(known.id, writer.run)
            else:
                held = store.flush(known.id, writer.run, writer.text, "")
        if not failed:
            assert held == (store.Held(known.stop_asked) if writer.holds else None)
        # The second statement only reads.
        if writer.holds and (held or fails == 2):
            known.is_stale = False
            known.text = known.text if is_beat else writer.text

    @rule(index=ANY, error=FAILURES, facts=FACTS, fails=FAILS, then=st.sampled_from(THEN))
    def its_call_fails_before_the_first_token(self, index, error, facts, fails, then):
        writer, is_requeued = self.without_text(index), False
        if writer is None:
            return
        known = writer.known
        if then == "it shall stop":
            self.stop(known, False)
        line.note_failure("gpt-4o-mini", error)
        with database_that_fails(fails) as failed:
            is_requeued = store.requeue(known.id, writer.run, facts, error)
        may = writer.holds and not (known.stop_asked or known.is_overdue)
        may = may and error.retry_after != 86_400
        assert is_requeued == (may and not failed)
        if is_requeued:
            known.status, known.run = Status.QUEUED, None
            known.is_stale = known.is_open = False
            if then == "it is called again":
                self.waits_are_over()
                self.go_on(HERE)

    @rule(index=ANY, facts=FACTS)
    def it_is_sent_once_more_with_less(self, index, facts):
        writer = self.without_text(index)
        if writer is None:
            return
        end_attempt(writer.known.id, writer.run, facts)
        if writer.holds:
            writer.known.is_open = False
        self.make_call(writer)

    @precondition(has_writers)
    @rule(index=ANY, status=st.sampled_from(ENDINGS), facts=FACTS, fails=FAILS)
    def ends(self, index, status, facts, fails):
        self.end(self.writer(index), status, facts, fails)

    def end(self, writer, status, facts, fails=None):
        ended = 0
        with database_that_fails(fails) as failed:
            ended = end_answer(writer.answer, writer.run, Ending(status, writer.text, "", facts))
        # What fails once all is stored takes nothing back.
        assert not ended or writer.holds
        assert ended or failed or not writer.holds
        if ended:
            writer.known.end(status, writer.text)

    @precondition(has_writers)
    @rule(index=ANY, is_sudden=st.booleans())
    def its_process_ends(self, index, is_sudden):
        """One that is told to end gives back what it has not called yet."""
        writer = self.writer(index)
        known = writer.known
        if not is_sudden:
            is_ours = writer.holds and known.status == Status.QUEUED and not known.stop_asked
            assert store.give_back(known.id, writer.run) == is_ours
            known.run = None if is_ours else known.run
        self.writers.remove(writer)

    # --- the end ------------------------------------------------------------------------------

    def come_to_an_end(self):
        """Every process that is left goes on as it should, and another one is there for the rest."""
        for writer in self.writers:
            self.end(writer, Status.COMPLETE, CallFacts())
        self.writers.clear()
        for _ in range(2 * len(self.known) + 2):
            self.waits_are_over()
            Message.objects.update(beat=Now() - PAST)
            for one in self.known.values():
                one.is_stale = True
            self.sweeps(None)
            for writer in self.go_on(THERE):
                line.note_success("gpt-4o-mini")
                self.end(writer, Status.COMPLETE, CallFacts())
            self.writers.clear()
        self.the_rows_say_what_is_known()
        self.the_ledger_has_each_call_once()
        self.totals_are_the_sum_of_the_ledger()
        assert [one for one in self.known.values() if one.is_running] == []
        assert not Reservation.objects.exists()


def test_every_way_through_the_states_of_an_answer(transactional_db, prices, settings, caplog):
    caplog.set_level(logging.CRITICAL, logger="conversations")
    settings.MAX_MESSAGES_PER_MINUTE = 10_000
    settings.MAX_CALLS = 2
    settings.RETRY_SECONDS = 60
    settings.CIRCUIT_FAILURES = 3
    run_machine(Answers, settings=thorough)


thorough = settings(
    max_examples=180,
    stateful_step_count=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
