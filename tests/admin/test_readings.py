import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.admin.review.readings import Reading, read
from conversations.models import Conversation, Message, Role
from tests.admin.ledger import ask, book, make_talk
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    return make_conversation(alice)


def outline(reading: Reading) -> list[object]:
    """Texts of the path; below each, the versions that are not shown, as lists."""
    lines: list[object] = []
    for step in reading.steps:
        if step.entry:
            lines.append(step.entry.turn.message.text)
        lines += [[entry.turn.message.text for entry in branch.entries] for branch in step.others]
    return lines


def everything(reading: Reading) -> list[object]:
    entries = [step.entry for step in reading.steps if step.entry]
    entries += [entry for step in reading.steps for each in step.others for entry in each.entries]
    systems = [reading.system, *reading.earlier_systems]
    return [entry.turn.message.pk for entry in entries] + [each.pk for each in systems if each]


def grow(talk: Conversation, tree: dict, parent=None) -> None:
    """A tree of texts; an answer is in capitals."""
    for text, below in tree.items():
        talk.current_leaf = None
        role = Role.ASSISTANT if text.isupper() else Role.USER
        grow(talk, below, say(talk, role, text, parent=parent))


def show(talk: Conversation, text: str) -> None:
    talk.current_leaf = talk.messages.get(text=text)
    talk.save()


def test_a_plain_conversation_is_its_path(talk):
    ask(talk, "a", "A")
    ask(talk, "b", "B")

    assert outline(read(talk)) == ["a", "A", "b", "B"]


def test_a_version_not_shown_stands_below_its_turn_with_all_that_follows_it(talk):
    grow(talk, {"a": {"A1": {"b": {"B": {}}}, "A2": {"c": {"C": {}}}}})
    show(talk, "C")

    assert outline(read(talk)) == ["a", "A2", ["A1", "b", "B"], "c", "C"]


def test_versions_of_the_first_message_are_versions_too(talk):
    grow(talk, {"a": {"A": {}}, "b": {"B": {}}})
    show(talk, "A")

    assert outline(read(talk)) == ["a", ["b", "B"], "A"]


def test_forks_within_a_branch_are_flat_and_say_what_they_follow(talk):
    grow(talk, {"a": {"A1": {"b": {"B1": {"c": {}}, "B2": {}}, "d": {}}, "A2": {}}})
    show(talk, "A2")

    reading = read(talk)

    assert outline(reading) == ["a", "A2", ["A1", "b", "B1", "c", "B2", "d"]]
    branch = reading.steps[1].others[0]
    assert [(entry.number, entry.follows) for entry in branch.entries] == [
        (2, None),
        (3, None),
        (4, None),
        (5, None),
        (6, 3),
        (7, 2),
    ]


def test_what_follows_the_end_of_the_path_is_not_lost(talk):
    grow(talk, {"a": {"A": {"b": {"B": {}}}}})
    show(talk, "A")

    assert outline(read(talk)) == ["a", "A", ["b", "B"]]


def test_without_an_end_every_beginning_is_a_version(talk):
    grow(talk, {"a": {"A": {}}, "b": {}})
    talk.current_leaf = None

    assert outline(read(talk)) == [["a", "A"], ["b"]]


def test_an_empty_conversation_is_empty(talk):
    assert read(talk) == Reading(None, [], [], [], [])


@pytest.mark.parametrize("seed", range(10))
def test_every_message_is_on_the_page_once(talk, seed):
    dice = random.Random(seed)
    made = [None]
    for number in range(30):
        talk.current_leaf = None
        made.append(say(talk, dice.choice(["user", "assistant"]), str(number), dice.choice(made)))
    talk.current_leaf = dice.choice(made)
    talk.system_message = say(talk, Role.SYSTEM, "now")
    say(talk, Role.SYSTEM, "before")
    talk.current_leaf = dice.choice(made)
    talk.save()

    shown = everything(read(talk))

    assert sorted(shown) == sorted(talk.messages.values_list("pk", flat=True))


def test_a_deep_branch_is_no_deeper_for_the_reader(talk):
    line = [say(talk, Role.USER, "0")]
    while len(line) <= 1500:
        line.append(Message(conversation=talk, owner=talk.owner, parent=line[-1], role=Role.USER))
    Message.objects.bulk_create(line[1:])

    assert [len(branch.entries) for branch in read(talk).steps[-1].others] == [1500]


def test_a_turn_has_every_call_that_was_made_for_it(talk):
    call = ask(talk, error="rate_limit")
    again = book(call.message)

    entry = read(talk).steps[-1].entry

    assert [each.row for each in entry.calls] == [call, again]


def test_calls_for_no_message_are_kept_with_the_conversation(talk):
    alone = book(None, talk)

    assert [each.row for each in read(talk).other_calls] == [alone]


def test_parameters_are_shown_as_they_were_sent(talk):
    ask(talk, parameters={"model": "ü"})

    [call] = read(talk).steps[-1].entry.calls

    assert call.parameters == '{\n  "model": "ü"\n}'


def test_reading_a_conversation_reads_no_record_of_a_context(talk, django_assert_num_queries):
    ask(talk)
    book(None, talk)

    with CaptureQueriesContext(connection) as asked:
        read(talk)

    assert [query for query in asked if '"context",' in query["sql"]] == []


def test_totals_are_those_of_the_calls_that_ended(talk):
    ask(talk, model="a")
    ask(talk, model="b", cost=None)
    ask(talk, model="a", ended_at=None)

    assert [(each.model, each.calls, each.cost_in_words) for each in read(talk).totals] == [
        ("a", 1, "$0.0010"),
        ("b", 1, "cost unknown"),
    ]


def test_reading_asks_as_often_for_many_turns_as_for_one(alice, django_assert_num_queries):
    short, long = make_talk(alice), make_talk(alice)
    for _ in range(4):
        ask(long)
    for talk in (short, long):
        with django_assert_num_queries(7):
            read(Conversation.objects.get(pk=talk.pk))
