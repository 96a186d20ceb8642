import uuid

import pytest

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Conversation, Message, Origin, Role
from conversations.threads import begin, set_system_message, switch_to, write, writing
from tests.people import make_conversation
from tests.threads.kit import ask, first, message, run, shown

# --- a message by hand ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (None, ["new", "a", "1", "b", "2"]),
        ("a", ["a", "new", "1", "b", "2"]),
        ("1", ["a", "1", "new", "b", "2"]),
        ("2", ["a", "1", "b", "2", "new"]),
    ],
)
@pytest.mark.parametrize("role", Role.values)
def test_a_message_can_be_written_anywhere(tea, after, expected, role):
    ask(tea, "a", "1", "b", "2")

    write(tea, after and message(tea, after), role, "new")

    assert shown(tea) == expected


def test_every_branch_that_followed_now_follows_the_new_message(tea):
    question = ask(tea, "a")
    ask(tea, "1", below=question)
    ask(tea, "1'", below=question)

    write(tea, question, Role.SYSTEM, "new")

    assert shown(tea) == ["a", "new", "1'"]
    switch_to(tea, message(tea, "1"))
    assert shown(tea) == ["a", "new", "1"]


def test_what_stands_at_the_very_start_precedes_every_first_message(tea):
    set_system_message(tea, "Be brief.")
    first(tea, "x")
    first(tea, "y")

    write(tea, None, Role.SYSTEM, "new")

    assert shown(tea) == ["new", "y"]
    switch_to(tea, message(tea, "x"))
    assert shown(tea) == ["new", "x"]
    assert tea.system_message.parent is None


def test_the_first_message_of_an_empty_chat_can_be_by_hand(tea):
    write(tea, None, Role.ASSISTANT, "Welcome")

    assert shown(tea) == ["Welcome"]


def test_a_branch_out_of_sight_grows_without_being_shown(tea):
    question = ask(tea, "a")
    hidden = ask(tea, "1", below=question)
    ask(tea, "1'", below=question)

    write(tea, hidden, Role.USER, "new")

    assert shown(tea) == ["a", "1'"]


def test_a_message_by_hand_says_so_and_knows_its_tokens(tea):
    made = write(tea, None, Role.ASSISTANT, "お誕生日おめでとう").message

    made.refresh_from_db()
    assert (made.origin, made.token_counts) == (Origin.WRITTEN, {"o200k_base": 8})
    assert made.html == "<p>お誕生日おめでとう</p>\n"


def test_the_same_client_id_again_writes_nothing(tea):
    client_id = uuid.uuid4()

    made = [write(tea, None, Role.USER, "a", client_id).message for _ in range(2)]

    assert made[0] == made[1]
    assert shown(tea) == ["a"]


def test_a_client_id_of_another_chat_is_refused(alice, tea):
    client_id = uuid.uuid4()
    write(tea, None, Role.USER, "a", client_id)

    with pytest.raises(InvalidInput, match="another chat"):
        write(make_conversation(alice), None, Role.USER, "a", client_id)


@pytest.mark.parametrize(("role", "text"), [("user", " \n"), ("tool", "Hello")])
def test_what_no_message_can_be_is_refused(tea, role, text):
    with pytest.raises(InvalidInput):
        write(tea, None, role, text)

    assert not tea.messages.exists()


@pytest.mark.parametrize(
    ("after", "is_refused"), [("2", True), ("b", True), ("1", False), (None, False)]
)
def test_nothing_comes_between_a_question_and_the_answer_being_written(tea, after, is_refused):
    ask(tea, "a", "1", "b", "2")
    run(tea, "2")

    if is_refused:
        with pytest.raises(AnswerRunning):
            write(tea, message(tea, after), Role.USER, "new")
    else:
        write(tea, after and message(tea, after), Role.USER, "new")

    assert ("new" in shown(tea)) is not is_refused


def test_a_chat_can_begin_with_a_message_by_hand(alice):
    chat = Conversation(owner=alice, title="Tea", model="gpt-4o-mini")
    client_id = uuid.uuid4()

    made = begin(chat, "Be brief.", Role.USER, "Which tea?", client_id)
    again = begin(
        Conversation(owner=alice, model="gpt-4o-mini"), "", Role.USER, "Which tea?", client_id
    )

    assert made == again
    assert shown(made.conversation) == ["Which tea?"]
    assert Conversation.objects.get().system_message.text == "Be brief."


@pytest.mark.parametrize("looks_in_vain", [1, 2])
def test_of_two_that_begin_at_once_by_one_client_id_one_is_stored(
    alice, monkeypatch, looks_in_vain
):
    """The other one is not there yet when it is looked for."""
    client_id = uuid.uuid4()

    def begin_one():
        chat = Conversation(owner=alice, title="Tea", model="gpt-4o-mini")
        return begin(chat, "", Role.USER, "Which tea?", client_id)

    first, known_by, looks = begin_one(), writing.known_by, []

    def look(*args):
        looks.append(args)
        return known_by(*args) if len(looks) > looks_in_vain else None

    monkeypatch.setattr(writing, "known_by", look)

    assert begin_one() == first
    assert Conversation.objects.get() == first.conversation


# --- system message -------------------------------------------------------------------------


def test_a_changed_system_message_is_a_new_row_and_the_old_one_is_kept(tea):
    set_system_message(tea, "Be brief.")
    old = tea.system_message
    set_system_message(tea, "Be kind.")

    tea.refresh_from_db()
    assert tea.system_message.text == "Be kind."
    assert Message.objects.get(pk=old.pk).text == "Be brief."


@pytest.mark.parametrize("blank", ["", " \n "])
def test_a_blank_system_message_removes_it(tea, blank):
    set_system_message(tea, "Be brief.")
    set_system_message(tea, blank)

    tea.refresh_from_db()
    assert tea.system_message is None
    assert Message.objects.count() == 1


@pytest.mark.parametrize("text", ["", "  ", "Be brief.", "Nul \x00"])
def test_the_same_system_message_again_makes_no_row(tea, text):
    set_system_message(tea, text)
    before = (tea.system_message_id, Message.objects.count())
    set_system_message(tea, text)

    assert (tea.system_message_id, Message.objects.count()) == before


def test_a_system_message_is_kept_to_the_letter_but_for_what_cannot_be_stored(tea):
    set_system_message(tea, "  Be brief.\r\n\x00\ud800 ")

    tea.refresh_from_db()
    assert tea.system_message.text == "  Be brief.\r\n\ufffd\ufffd "
