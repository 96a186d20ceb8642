import uuid

import pytest
from django.db import IntegrityError

from conversations.models import Message, Origin, Role, Status
from tests.people import make_conversation, say

ENDED = [Status.COMPLETE, Status.STOPPED, Status.INTERRUPTED, Status.FAILED]


@pytest.fixture
def tea(alice):
    return make_conversation(alice)


def test_a_client_id_is_used_once_per_person(alice, tea):
    client_id = uuid.uuid4()
    say(tea, Role.USER, "Hello?", client_id=client_id)

    with pytest.raises(IntegrityError):
        say(make_conversation(alice), Role.USER, "Hello?", client_id=client_id)


def test_two_people_may_use_the_same_client_id(tea, bob):
    client_id = uuid.uuid4()

    for conversation in (tea, make_conversation(bob)):
        say(conversation, Role.USER, "Hello?", client_id=client_id)

    assert Message.objects.filter(client_id=client_id).count() == 2


def test_messages_without_a_client_id_do_not_collide(tea):
    say(tea, Role.USER, "one")
    say(tea, Role.USER, "two")

    assert Message.objects.filter(client_id=None).count() == 2


@pytest.mark.parametrize("second", [Status.QUEUED, Status.STREAMING])
@pytest.mark.parametrize("first", [Status.QUEUED, Status.STREAMING])
def test_a_conversation_has_one_running_answer_at_most(tea, first, second):
    say(tea, Role.ASSISTANT, "", status=first)

    with pytest.raises(IntegrityError):
        say(tea, Role.ASSISTANT, "", status=second)


@pytest.mark.parametrize("status", ENDED)
def test_answers_that_have_ended_do_not_count(tea, status):
    say(tea, Role.ASSISTANT, "", status=status)
    say(tea, Role.ASSISTANT, "", status=status)

    say(tea, Role.ASSISTANT, "", status=Status.QUEUED)

    assert Message.objects.running().count() == 1


def test_every_conversation_may_have_a_running_answer(alice, tea):
    for conversation in (tea, make_conversation(alice)):
        say(conversation, Role.ASSISTANT, "", status=Status.STREAMING)

    assert Message.objects.running().count() == 2


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("tool", {}),
        ("", {}),
        (Role.ASSISTANT, {"status": "paused"}),
        (Role.USER, {"status": Status.QUEUED}),
        (Role.USER, {"status": Status.STREAMING}),
        (Role.USER, {"status": Status.FAILED}),
        (Role.SYSTEM, {"status": Status.STOPPED}),
        (Role.USER, {"html_version": -1}),
    ],
)
def test_what_must_never_be_is_refused_by_the_database(tea, role, fields):
    with pytest.raises(IntegrityError):
        say(tea, role, "x", **fields)


def test_a_run_holds_its_answer_until_it_ends(tea):
    run = uuid.uuid4()
    answer = say(tea, Role.ASSISTANT, "", status=Status.STREAMING, run=run)

    def held(run):
        return Message.objects.held_by(answer.pk, run).count()

    assert (held(run), held(uuid.uuid4())) == (1, 0)
    Message.objects.filter(pk=answer.pk).update(status=Status.COMPLETE)
    assert held(run) == 0


def test_a_beat_is_told_by_the_databases_clock(tea):
    answer = say(tea, Role.ASSISTANT, "", status=Status.QUEUED)

    answer.refresh_from_db()

    assert abs((answer.beat - answer.created_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("status", "is_running"),
    [(Status.QUEUED, True), (Status.STREAMING, True), *((status, False) for status in ENDED)],
)
def test_queued_and_streaming_are_running(status, is_running):
    assert Message(status=status).is_running == is_running


def test_an_answer_knows_its_newest_call(tea):
    answer = say(tea, Role.ASSISTANT, "Two cups.")
    assert answer.call is None

    answer.completions.create(model="first")
    answer.completions.create(model="second")

    assert answer.call.model == "second"


def test_a_page_asks_once_for_the_calls_of_all_its_turns(tea, django_assert_num_queries):
    for _ in range(3):
        say(tea, Role.ASSISTANT, "Tea.").completions.create(model="m")

    with django_assert_num_queries(2):
        found = [message.call.model for message in tea.messages.with_calls()]

    assert found == ["m", "m", "m"]


def test_the_longest_text_and_any_character_come_back_as_they_went(tea):
    text = "naïve 👩‍👩‍👧\r\n\t\u2028<b>&amp;'\"\\ " * 20_000

    message = Message.objects.create(
        conversation=tea, owner=tea.owner, role=Role.USER, origin=Origin.TYPED, text=text
    )

    assert Message.objects.get(pk=message.pk).text == text
