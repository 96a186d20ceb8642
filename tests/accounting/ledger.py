"""Money that was spent, and budgets for it, in as few words as a test needs."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils import timezone

from conversations import accounting
from conversations.models import Budget, BudgetOverride, Completion, Message, Scope, Status
from tests.admin.ledger import book, charge


def spend(user, usd, day: date | None = None, **fields) -> Completion:
    """A call of theirs that has ended, and what is noted of it."""
    account = accounting.account_of(user.pk, day or timezone.localdate())
    groups = list(account.groups)
    call = book(None, user=user, cost=Decimal(usd), day=account.day, groups=groups, **fields)
    accounting.note_spent(account)
    return call


def settle(call: Completion, cost: Decimal | None) -> None:
    """As a runner does at the end of an answer."""
    Message.objects.filter(pk=call.message_id).update(status=Status.COMPLETE)
    call.cost, call.ended_at = cost, timezone.now()
    charge(call)
    call.save()
    accounting.book(call)


def budget(usd, subject=None, period="month", scope=Scope.SITE) -> Budget:
    """For a person or a group where one is named, else for the site or each person."""
    if isinstance(subject, Group):
        return Budget.objects.create(
            scope=Scope.GROUP, group=subject, period=period, limit=Decimal(usd)
        )
    if subject:
        scope = Scope.PERSON
    return Budget.objects.create(scope=scope, person=subject, period=period, limit=Decimal(usd))


def each(usd, period="month") -> Budget:
    return budget(usd, period=period, scope=Scope.EACH)


def override(of: Budget, usd, begins: date, person=None) -> BudgetOverride:
    return BudgetOverride.objects.create(
        budget=of, amount=Decimal(usd), begins=begins, person=person, reason="A long week"
    )


def group_of(*people, name="Team") -> Group:
    group = Group.objects.create(name=name)
    group.user_set.add(*people)
    return group
