"""What is done to a thread and the number of this change are stored together, or not at all."""

import uuid

import pytest

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Conversation, Role, Standing
from conversations.models.conversation import ConversationQuerySet
from conversations.threads import (
    branch_off,
    delete,
    restore,
    rewrite,
    set_standing,
    set_system_message,
    switch_to,
    write,
)
from tests.threads.kit import ask, message, run, stored

ACTS = {
    "write": lambda talk, client_id: write(talk, message(talk, "1"), Role.USER, "x", client_id),
    "write at the start": lambda talk, client_id: write(talk, None, Role.USER, "x", client_id),
    "rewrite": lambda talk, client_id: rewrite(talk, message(talk, "1"), "x", client_id),
    "switch": lambda talk, _: switch_to(talk, message(talk, "1'")),
    "pin": lambda talk, _: set_standing(message(talk, "1"), Standing.PINNED),
    "exclude": lambda talk, _: set_standing(message(talk, "1"), Standing.EXCLUDED),
    "delete": lambda talk, _: delete(message(talk, "1")),
    "restore": lambda talk, _: restore(message(talk, "gone")),
}


@pytest.fixture
def talk(tea):
    """With another version of its answer, a message that was deleted, and changes before."""
    question = ask(tea, "a")
    ask(tea, "1'", below=question)
    ask(tea, "1", "gone", below=question)
    delete(message(tea, "gone"))
    Conversation.objects.filter(pk=tea.pk).update(changes=7)
    tea.refresh_from_db()
    return tea


def number(conversation):
    return Conversation.objects.values_list("changes", flat=True).get(pk=conversation.pk)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_has_a_number_and_says_which(talk, act):
    changed = ACTS[act](talk, uuid.uuid4())

    assert (changed.number, number(talk)) == (8, 8)


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_numbered_is_not_done(talk, act, monkeypatch):
    before = stored()

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(ConversationQuerySet, "note_change", broken)
    with pytest.raises(RuntimeError):
        ACTS[act](talk, uuid.uuid4())

    assert stored() == before


@pytest.mark.parametrize("act", ACTS)
def test_the_same_again_changes_nothing_and_has_no_number(talk, act):
    client_id = uuid.uuid4()
    first = ACTS[act](talk, client_id)
    before = stored()

    again = ACTS[act](talk, client_id)

    assert (again.message, again.number) == (first.message, 0)
    assert stored() == before


def test_to_step_to_what_is_no_turn_has_no_number(talk):
    set_system_message(talk, "Be brief.")

    assert switch_to(talk, talk.system_message).number == 0
    assert number(talk) == 7


@pytest.mark.parametrize(
    "act",
    [
        lambda talk: write(talk, None, Role.USER, " "),
        lambda talk: rewrite(talk, message(talk, "gone"), "x"),
        lambda talk: set_standing(message(talk, "gone"), Standing.PINNED),
    ],
)
def test_what_is_refused_has_no_number(talk, act):
    with pytest.raises(InvalidInput):
        act(talk)

    assert number(talk) == 7


@pytest.mark.parametrize("act", ["write", "rewrite", "delete"])
def test_what_an_answer_forbids_that_is_being_written_has_no_number(talk, act):
    run(talk, "1")

    with pytest.raises(AnswerRunning):
        ACTS[act](talk, uuid.uuid4())

    assert number(talk) == 7


def test_a_branch_leaves_its_chat_as_it_was(talk):
    branch_off(talk, message(talk, "1"))

    assert number(talk) == 7
