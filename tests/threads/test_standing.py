import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Message, Standing
from conversations.threads import delete, restore, set_standing, set_system_message
from tests.threads.kit import ask, message, run, shown


@pytest.mark.parametrize("standing", Standing)
def test_how_a_message_stands_is_stored(tea, standing):
    set_standing(ask(tea, "a"), standing)

    assert message(tea, "a").standing == standing


@pytest.mark.parametrize("text", ["a", "1"])
def test_pinning_and_excluding_are_allowed_while_an_answer_is_written(tea, text):
    ask(tea, "a", "1")
    run(tea, "1")

    set_standing(message(tea, text), Standing.EXCLUDED)

    assert message(tea, text).standing == Standing.EXCLUDED


def test_what_was_deleted_cannot_be_pinned(tea):
    delete(ask(tea, "a"))

    with pytest.raises(InvalidInput, match="was deleted"):
        set_standing(message(tea, "a"), Standing.PINNED)


@pytest.mark.parametrize("act", [delete, lambda each: set_standing(each, Standing.PINNED)])
def test_the_system_message_of_the_settings_is_left_to_the_settings(tea, act):
    set_system_message(tea, "Be brief.")

    with pytest.raises(InvalidInput, match="settings"):
        act(tea.system_message)


def test_a_deleted_message_keeps_its_place_and_its_words(tea):
    ask(tea, "a", "1", "b", "2")

    delete(message(tea, "1"))

    assert shown(tea) == ["a", "1", "b", "2"]
    assert [each.is_deleted for each in tea.messages.in_order()] == [False, True, False, False]


def test_a_deleted_message_can_be_brought_back(tea):
    ask(tea, "a")
    delete(message(tea, "a"))

    restore(message(tea, "a"))

    assert not message(tea, "a").is_deleted


def test_deleting_twice_keeps_the_first_moment(tea):
    ask(tea, "a")
    delete(message(tea, "a"))
    moment = message(tea, "a").deleted_at

    delete(message(tea, "a"))

    assert message(tea, "a").deleted_at == moment


@pytest.mark.parametrize("act", [delete, restore])
@pytest.mark.parametrize(("text", "is_refused"), [("2", True), ("b", True), ("1", False)])
def test_an_answer_being_written_and_its_question_stay(tea, act, text, is_refused):
    ask(tea, "a", "1", "b", "2")
    run(tea, "2")

    if is_refused:
        with pytest.raises(AnswerRunning):
            act(message(tea, text))
    else:
        act(message(tea, text))


def test_deleting_the_first_of_a_thousand_messages_touches_one_row(tea):
    above, chain = None, []
    for number in range(1000):
        each = Message(conversation=tea, owner=tea.owner, role="user", origin="typed")
        each.text, each.parent = str(number), above
        chain.append(each)
        above = each
    Message.objects.bulk_create(chain)
    tea.current_leaf = above
    tea.save()

    with CaptureQueriesContext(connection) as queries:
        delete(chain[0])

    assert len(queries) < 8
    assert len(shown(tea)) == 1000
    assert Message.objects.exclude(deleted_at=None).count() == 1
