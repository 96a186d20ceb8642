"""Messages, chats, people and groups that are deleted while something is held back for them."""

from django.contrib.auth.models import Group

from conversations import accounting
from conversations.models import (
    Completion,
    Conversation,
    DayUsage,
)
from tests.accounting.holding import call_of, figures, hold, reserved, usd
from tests.accounting.ledger import budget, settle, spend


def test_what_was_held_back_for_a_deleted_message_is_freed(alice):
    hold(alice, "0.5")
    held = hold(alice, "0.25")
    Conversation.objects.exclude(pk=held.conversation_id).delete()

    assert accounting.release_orphans() == 1

    assert reserved() == {usd("0.25")}


def test_what_is_held_back_for_what_still_runs_is_kept(alice):
    hold(alice, "0.5")
    call_of(hold(alice, "0.25"))

    assert accounting.release_orphans() == 0

    assert reserved() == {usd("0.75")}


def test_a_person_who_is_deleted_leaves_what_they_spent(alice, bob):
    spend(alice, "2")
    call_of(hold(alice, "0.5"))
    spend(bob, "1")

    alice.delete()
    open_call = Completion.objects.open().get()
    settle(open_call, usd("0.1"))

    assert figures(user=None, period="month") == {(None, None, "month"): (usd("3.1"), usd("0"))}
    assert sum(row.cost for row in DayUsage.objects.all()) == usd("3.1")


def test_a_group_that_is_deleted_stands_in_no_ones_way(alice):
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    budget("1", team)
    call = call_of(hold(alice, "0.5"))

    team.delete()
    settle(call, usd("0.4"))

    assert set(figures().values()) == {(usd("0.4"), usd("0"))}


def test_a_chat_that_is_deleted_leaves_its_money(alice):
    call = call_of(hold(alice, "0.5"))
    settle(call, usd("0.2"))

    call.conversation.delete()

    assert figures(user=alice, period="month").popitem()[1] == (usd("0.2"), usd("0"))
    assert DayUsage.objects.get().cost == usd("0.2")
