"""The ledger outlives everything that it is about."""

from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import IntegrityError
from django.db.models import Sum
from django.db.models.functions import Now

from conversations.models import Completion, Conversation, Message, Role
from tests.people import make_conversation, say

COUNTS = [
    "estimated_prompt_tokens",
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "first_token_ms",
    "duration_ms",
]


@pytest.fixture
def tea(alice):
    """Two exchanges below a system message, each answer with a call of 10 cents."""
    conversation = make_conversation(alice)
    conversation.system_message = say(conversation, Role.SYSTEM, "Be brief.")
    conversation.current_leaf = None
    conversation.save()
    for _ in range(2):
        say(conversation, Role.USER, "Tea?")
        answer = say(conversation, Role.ASSISTANT, "Yes.")
        answer.last_leaf = answer
        answer.save()
        Completion.objects.create(
            message=answer,
            conversation=conversation,
            user=alice,
            model="gpt-4o-mini",
            prompt_tokens=1000,
            completion_tokens=200,
            cost=Decimal("0.1"),
        )
    return conversation


def ledger():
    return Completion.objects.aggregate(Sum("cost"), Sum("prompt_tokens"))


KEPT = {"cost__sum": Decimal("0.2"), "prompt_tokens__sum": 2000}


def test_deleting_an_answer_keeps_what_it_cost(tea):
    tea.current_leaf.delete()

    assert ledger() == KEPT
    assert Completion.objects.filter(message=None, conversation=tea).count() == 1


def test_deleting_a_message_takes_what_follows_but_not_its_costs(tea):
    tea.messages.get(parent=None, role=Role.USER).delete()

    assert [message.role for message in Message.objects.all()] == [Role.SYSTEM]
    assert ledger() == KEPT


def test_deleting_a_conversation_keeps_what_it_cost(tea, alice):
    tea.delete()

    assert not Message.objects.exists()
    assert ledger() == KEPT
    assert Completion.objects.filter(message=None, conversation=None, user=alice).count() == 2


def test_deleting_a_person_keeps_what_they_cost(tea, alice):
    alice.delete()

    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert ledger() == KEPT
    assert Completion.objects.filter(message=None, conversation=None, user=None).count() == 2


@pytest.mark.parametrize("whole", ["conversation", "person"])
def test_a_thousand_messages_can_be_deleted_as_a_whole(alice, whole):
    conversation = make_conversation(alice)
    messages = [
        Message(conversation=conversation, owner=alice, role=Role.USER, text=str(number))
        for number in range(1000)
    ]
    for before, after in pairwise(messages):
        after.parent = before
    Message.objects.bulk_create(messages)

    (conversation if whole == "conversation" else alice).delete()

    assert not Message.objects.exists()


@pytest.mark.parametrize("field", COUNTS)
def test_no_count_is_negative(db, field):
    with pytest.raises(IntegrityError):
        Completion.objects.create(model="m", **{field: -1})


@pytest.mark.parametrize("field", ["cost", "reserved"])
def test_no_amount_is_negative(db, field):
    with pytest.raises(IntegrityError):
        Completion.objects.create(model="m", **{field: Decimal("-0.000000000001")})


@pytest.mark.unaudited
def test_a_call_is_open_until_it_has_ended(db):
    running = Completion.objects.create(model="m")
    Completion.objects.create(model="m", ended_at=Now())

    assert list(Completion.objects.open()) == [running]


def test_total_tokens_count_no_part_twice():
    call = Completion(
        prompt_tokens=100, cached_tokens=80, completion_tokens=20, reasoning_tokens=15
    )

    assert call.total_tokens == 120


def test_newest_calls_come_first(db):
    first, second = (Completion.objects.create(model="m") for _ in range(2))

    assert list(Completion.objects.all()) == [second, first]
