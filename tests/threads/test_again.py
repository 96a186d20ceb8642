"""The same client id again answers the same, whatever has happened meanwhile; and what is done at
the same moment is done once, to what is stored and not to what was fetched before.
"""

import uuid

import pytest
from django.db import IntegrityError

from conversations.errors import InvalidInput
from conversations.models import Role, Standing
from conversations.models.conversation import ConversationQuerySet
from conversations.threads import (
    branch_off,
    branching,
    delete,
    rewrite,
    set_standing,
    write,
    writing,
)
from tests.people import make_conversation
from tests.threads.kit import ask, message, run, shown, stored

ACTS = {
    "write": lambda chat, old, client_id: write(chat, old, Role.USER, "x", client_id).message,
    "rewrite": lambda chat, old, client_id: rewrite(chat, old, "x", client_id).message,
    "branch": branch_off,
}


@pytest.fixture(params=ACTS)
def act(request):
    return ACTS[request.param]


@pytest.fixture
def talk(tea):
    ask(tea, "a", "1")
    return tea


# --- sent again -----------------------------------------------------------------------------


def test_sent_again_it_is_the_same_though_its_message_was_deleted(talk, act):
    client_id = uuid.uuid4()
    made = act(talk, message(talk, "1"), client_id)
    delete(message(talk, "1"))
    before = stored()

    assert act(talk, message(talk, "1"), client_id) == made
    assert stored() == before


def test_sent_again_it_is_the_same_though_an_answer_is_being_written(talk, act):
    client_id = uuid.uuid4()
    made = act(talk, message(talk, "1"), client_id)
    run(talk, "1")
    before = stored()

    assert act(talk, message(talk, "1"), client_id) == made
    assert stored() == before


# --- deleted, pinned, moved in between ------------------------------------------------------


@pytest.mark.parametrize("act", [ACTS["rewrite"], ACTS["branch"]])
@pytest.mark.parametrize("text", ["a", "1"])
def test_what_was_deleted_since_it_was_fetched_is_refused(talk, act, text):
    fetched = message(talk, text)
    delete(message(talk, text))
    before = stored()

    with pytest.raises(InvalidInput, match="was deleted"):
        act(talk, fetched, uuid.uuid4())

    assert stored() == before


def test_a_version_is_one_of_its_message_as_it_stands_now(talk):
    fetched = message(talk, "1")
    set_standing(message(talk, "1"), Standing.PINNED)
    write(talk, message(talk, "a"), Role.SYSTEM, "between")

    made = rewrite(talk, fetched, "x").message

    assert made.standing == Standing.PINNED
    assert shown(talk) == ["a", "between", "x"]


# --- in two chats ---------------------------------------------------------------------------


@pytest.fixture
def known(alice, talk):
    """A client id of another chat, of which this one does not know."""
    client_id = uuid.uuid4()
    write(make_conversation(alice), None, Role.USER, "There", client_id)
    return client_id


def test_a_client_id_of_another_chat_is_refused(talk, act, known):
    with pytest.raises(InvalidInput, match="already sent in another chat"):
        act(talk, message(talk, "1"), known)


def test_a_client_id_that_another_chat_stores_at_the_same_moment_is_refused(
    talk, act, known, monkeypatch
):
    """It is not there yet when it is looked for."""
    for module in (writing, branching):
        monkeypatch.setattr(module, "known_by", lambda *_: None)
    before = stored()

    with pytest.raises(InvalidInput, match="already sent in another chat"):
        act(talk, message(talk, "1"), known)

    assert stored() == before


@pytest.mark.parametrize("act", [ACTS["write"], ACTS["rewrite"]])
def test_what_else_cannot_be_stored_is_a_fault(talk, act, monkeypatch):
    def broken(*_):
        raise IntegrityError("one_running_answer\nDETAIL: (client_id)")

    monkeypatch.setattr(ConversationQuerySet, "note_change", broken)

    with pytest.raises(IntegrityError):
        act(talk, message(talk, "1"), uuid.uuid4())
