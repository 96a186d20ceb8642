"""Amounts held back for answers and their calls, in as few words as a test needs."""

from decimal import Decimal

from conversations import accounting
from conversations.models import Completion, Role, Spending, Status
from tests.people import make_conversation, say


def usd(text):
    return Decimal(text)


def queued(person):
    talk = make_conversation(person)
    say(talk, Role.USER, "Tea?")
    return say(talk, Role.ASSISTANT, "", status=Status.QUEUED, run=None)


def account(person, day=None):
    return accounting.account_of(person.pk, day)


def hold(person, amount, day=None):
    answer = queued(person)
    accounting.hold(account(person, day), amount if amount is None else usd(amount), answer)
    return answer


def call_of(answer, day=None):
    """Its call, opened."""
    where = account(answer.owner, day)
    call = Completion.objects.create(
        message=answer,
        conversation=answer.conversation,
        user=answer.owner,
        model="m",
        day=where.day,
        groups=list(where.groups),
    )
    accounting.attach(answer, call)
    return call


def figures(**where):
    """Spent and reserved of each kind of row."""
    rows = Spending.objects.filter(**where).order_by("pk")
    return {(row.user_id, row.group_id, row.period): (row.spent, row.reserved) for row in rows}


def reserved():
    return {row.reserved for row in Spending.objects.all()}
