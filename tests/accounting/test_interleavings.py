"""Anything that happens to money, in any order, keeps what is said of the ledger and of budgets.

Hypothesis draws what happens: messages that are admitted, called, settled with less or more than
their worst case, given up, lost with their process; midnight; people, groups, chats and messages
that are deleted; budgets that are set, changed and lifted. After each step every total is the sum
of the ledger, and nothing is held back for what cannot cost anything any more. No budget is ever
passed by what was admitted: only by what a call cost above its worst case, and by what was
admitted before the budget was set.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, User
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from conversations import accounting
from conversations.errors import OverBudget
from conversations.models import (
    Budget,
    Completion,
    Conversation,
    DayUsage,
    Message,
    Reservation,
    Role,
    Scope,
    Spending,
    Status,
)
from tests.accounting.ledger import settle
from tests.people import make_conversation, make_person, say

ANY = st.integers(0, 50)
CENTS = st.integers(0, 60).map(lambda cents: Decimal(cents) / 100)
SCOPES = st.sampled_from(list(Scope))
PERIODS = st.sampled_from(["day", "month"])


class Money(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.today = date(2026, 10, 30)
        self.group = Group.objects.create(name="Team")
        self.people = [make_person(name) for name in ("alice", "bob")]
        self.people[0].groups.add(self.group)
        self.talks = [make_conversation(person).pk for person in self.people]
        # What may stand past a budget, by the row that it stands in: what was there when the
        # budget was set, and what calls have cost above their worst case since.
        self.floor, self.excess = defaultdict(Decimal), defaultdict(Decimal)

    def teardown(self):
        Completion.objects.all().delete()
        for gone in (Reservation, DayUsage, Spending, Budget, Group, User):
            gone.objects.all().delete()

    def talk(self, index):
        there = Conversation.objects.select_related("owner").in_bulk(self.talks)
        found = [there[pk] for pk in self.talks if pk in there]
        return found[index % len(found)] if found else None

    def an_answer(self, index):
        """One in line, with what is held back for it."""
        held = Reservation.objects.filter(answer__status=Status.QUEUED).order_by("pk")
        found = list(held.select_related("answer"))
        return found[index % len(found)].answer if found else None

    def a_call(self, index):
        found = list(Completion.objects.open().order_by("pk"))
        return found[index % len(found)] if found else None

    # --- a turn -------------------------------------------------------------------------------

    @rule(index=ANY, amount=CENTS)
    def a_message_is_sent(self, index, amount):
        talk = self.talk(index)
        if talk is None or talk.messages.running().exists():
            return
        answer = say(talk, Role.ASSISTANT, "", status=Status.QUEUED, run=None)
        account = accounting.account_of(talk.owner_id, self.today)
        fits = all(amount <= meter.left for meter in accounting.meters_of(account))
        try:
            accounting.hold(account, amount, answer)
        except OverBudget:
            assert (bool(amount), fits) == (True, False)
            answer.delete()
        else:
            assert fits or not amount

    @rule(index=ANY)
    def an_answer_is_called(self, index):
        answer = self.an_answer(index)
        if answer is None:
            return
        account = accounting.account_of(answer.owner_id, self.today)
        worst_case = answer.reservation.amount
        Message.objects.filter(pk=answer.pk).update(status=Status.STREAMING)
        is_funded = True
        try:
            accounting.hold(account, worst_case, answer)
        except OverBudget:
            is_funded = False
        call = Completion.objects.create(
            message=answer,
            conversation_id=answer.conversation_id,
            user_id=answer.owner_id,
            model="m",
            day=account.day,
            groups=list(account.groups),
            reserved=worst_case,
        )
        accounting.attach(answer, call)
        if not is_funded:
            self.settle(call, Decimal(0))

    @rule(index=ANY, share=st.integers(0, 150))
    def a_call_ends(self, index, share):
        """Having cost so many hundredths of its worst case."""
        call = self.a_call(index)
        if call:
            self.settle(call, call.reserved * share / 100)

    @rule(index=ANY)
    def a_call_ends_at_a_cost_that_nobody_knows(self, index):
        call = self.a_call(index)
        if call:
            self.settle(call, None)

    def settle(self, call, cost):
        over = max((cost or Decimal(0)) - call.reserved, Decimal(0))
        account = accounting.Account(call.user_id, tuple(call.groups), call.day)
        for row in Spending.objects.of(account.user_id, account.groups, account.day):
            self.excess[row.pk] += over
        settle(call, cost)

    @rule(index=ANY)
    def an_answer_is_given_up(self, index):
        answer = self.an_answer(index)
        if answer:
            Message.objects.filter(pk=answer.pk).update(status=Status.STOPPED)
            accounting.release(answer)

    # --- what comes in between ------------------------------------------------------------------

    @rule(days=st.integers(1, 3))
    def midnight_comes(self, days):
        self.today += timedelta(days=days)

    @rule(index=ANY)
    def a_message_is_deleted(self, index):
        if answer := self.an_answer(index):
            answer.delete()

    @rule(index=ANY)
    def a_message_is_deleted_while_it_is_written(self, index):
        if call := self.a_call(index):
            Message.objects.filter(pk=call.message_id).delete()

    @rule(index=ANY)
    def a_chat_is_deleted(self, index):
        if talk := self.talk(index):
            owner = talk.owner
            talk.delete()
            self.talks.append(make_conversation(owner).pk)

    @rule(index=ANY)
    def a_person_is_deleted(self, index):
        talk = self.talk(index)
        if talk:
            talk.owner.delete()
            person = make_person(f"person {len(self.talks)}")
            self.talks.append(make_conversation(person).pk)

    @rule()
    def a_group_is_deleted(self):
        self.group.delete()
        self.group = Group.objects.create(name="Team")
        for person in User.objects.all()[:1]:
            person.groups.add(self.group)

    @rule(index=ANY)
    def somebody_joins_or_leaves(self, index):
        if talk := self.talk(index):
            if self.group in talk.owner.groups.all():
                talk.owner.groups.remove(self.group)
            else:
                talk.owner.groups.add(self.group)

    @rule(index=ANY, scope=SCOPES, period=PERIODS, limit=CENTS)
    def a_budget_is_set(self, index, scope, period, limit):
        talk = self.talk(index)
        person = talk.owner if talk and scope == Scope.PERSON else None
        group = self.group if scope == Scope.GROUP else None
        if scope == Scope.PERSON and person is None:
            return
        of = {"scope": scope, "person": person, "group": group, "period": period}
        Budget.objects.update_or_create(**of, defaults={"limit": limit})
        self.what_is_admitted_stands()

    @rule(index=ANY)
    def a_budget_is_lifted(self, index):
        budgets = list(Budget.objects.order_by("pk"))
        if budgets:
            budgets[index % len(budgets)].delete()
            self.what_is_admitted_stands()

    def what_is_admitted_stands(self):
        """A budget that is set later undoes nothing."""
        for row in Spending.objects.all():
            self.floor[row.pk], self.excess[row.pk] = row.spent + row.reserved, Decimal(0)

    @rule()
    def somebody_sweeps(self):
        accounting.release_orphans()
        for lost in Completion.objects.open().filter(message=None):
            self.settle(lost, lost.reserved / 2)
        assert not Reservation.objects.orphaned().exists()

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def every_total_is_the_sum_of_the_ledger(self):
        assert accounting.audit() == []

    @invariant()
    def no_budget_is_passed_by_what_was_admitted(self):
        for person in User.objects.all():
            account = accounting.account_of(person.pk, self.today)
            rows = {
                (row.user_id, row.group_id, row.period): row
                for row in Spending.objects.of(person.pk, account.groups, self.today)
            }
            for meter in accounting.meters_of(account):
                own = person.pk if meter.is_own else None
                row = rows.get((own, meter.budget.group_id, meter.budget.period))
                if row:
                    most = max(meter.limit, self.floor[row.pk]) + self.excess[row.pk]
                    assert row.spent + row.reserved <= most


def test_money_whatever_happens_to_it(transactional_db):
    run_machine(Money, settings=thorough)


thorough = settings(
    max_examples=80,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
