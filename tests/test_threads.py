import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Message, Role, Status
from conversations.threads import (
    path_to,
    set_system_message,
    switch_to,
    token_count,
    tree,
)
from tests.people import make_conversation, say


@pytest.fixture
def tea(alice):
    return make_conversation(alice)


def ask(conversation, *texts, below=None):
    """A message for each text, one below the other; the last one."""
    for text in texts:
        role = Role.ASSISTANT if text[0].isdigit() else Role.USER
        below = say(conversation, role, text, below)
    return below


def first(conversation, text):
    """Another first message, beside the first of all."""
    conversation.current_leaf = None
    return ask(conversation, text)


def shown(conversation):
    conversation.refresh_from_db()
    return [message.text for message in path_to(conversation, conversation.current_leaf_id)]


def switch(conversation, text):
    switch_to(conversation, conversation.messages.get(text=text))
    return shown(conversation)


# --- path and versions ----------------------------------------------------------------------


def test_a_path_leads_from_the_first_message_to_its_leaf(tea):
    ask(tea, "a", "1", "b", "2")

    assert shown(tea) == ["a", "1", "b", "2"]


def test_a_path_knows_nothing_of_other_branches_nor_of_what_follows(tea):
    question = ask(tea, "a")
    ask(tea, "1", "b", "2", below=question)
    retried = ask(tea, "1'", below=question)
    ask(tea, "c", "3", below=retried)

    assert [message.text for message in path_to(tea, retried.pk)] == ["a", "1'"]


def test_without_a_leaf_there_is_no_path(tea):
    ask(tea, "a")

    assert path_to(tea, None) == []


def test_consecutive_answers_stand_on_the_path(tea):
    ask(tea, "a", "1", "2", "b")

    assert shown(tea) == ["a", "1", "2", "b"]


def test_the_system_message_stands_outside_the_tree(tea):
    set_system_message(tea, "Be brief.")
    ask(tea, "a", "1")

    assert tea.system_message_id not in tree(tea).parents
    assert shown(tea) == ["a", "1"]


def test_versions_are_siblings_in_the_order_in_which_they_were_made(tea):
    question = ask(tea, "a")
    answers = [ask(tea, text, below=question).pk for text in ("1", "2", "3")]
    other = first(tea, "b")

    grown = tree(tea)

    assert [grown.versions(each) for each in answers] == [answers] * 3
    assert grown.versions(question.pk) == [question.pk, other.pk]


def test_two_conversations_do_not_share_a_tree(alice, tea):
    ask(tea, "a")
    other = make_conversation(alice)
    ask(other, "b")

    assert (shown(tea), shown(other)) == (["a"], ["b"])


# --- stepping between versions --------------------------------------------------------------


def test_stepping_to_a_version_shows_its_branch(tea):
    ask(tea, "a", "1", "b", "2", below=first(tea, "x"))
    first(tea, "y")

    assert switch(tea, "x") == ["x", "a", "1", "b", "2"]
    assert switch(tea, "y") == ["y"]


def test_a_branch_goes_on_where_it_was_left(tea):
    question = ask(tea, "a")
    left = ask(tea, "1", "b", below=question)
    ask(tea, "2", below=left)
    ask(tea, "3", below=left)
    ask(tea, "1'", below=question)

    assert switch(tea, "2") == ["a", "1", "b", "2"]
    assert switch(tea, "1'") == ["a", "1'"]
    assert switch(tea, "1") == ["a", "1", "b", "2"]


def test_forks_within_forks_are_each_remembered(tea):
    x, y = first(tea, "x"), first(tea, "y")
    for root, names in [(x, "12"), (y, "34")]:
        for name in names:
            ask(tea, name, below=root)
            ask(tea, f"{name} more", below=tea.current_leaf)
    switch(tea, "3")
    switch(tea, "x")

    assert switch(tea, "1") == ["x", "1", "1 more"]
    assert switch(tea, "y") == ["y", "3", "3 more"]
    assert switch(tea, "4") == ["y", "4", "4 more"]
    assert switch(tea, "x") == ["x", "1", "1 more"]
    assert switch(tea, "2") == ["x", "2", "2 more"]
    assert switch(tea, "y") == ["y", "4", "4 more"]


def test_a_branch_never_visited_shows_its_newest_leaf(tea):
    question = ask(tea, "a")
    ask(tea, "1", "b", below=question)
    fork = tea.messages.get(text="b")
    for text in ("2", "3"):
        ask(tea, text, below=fork)
    ask(tea, "1'", below=question)

    assert switch(tea, "1") == ["a", "1", "b", "3"]


def test_a_leaf_that_was_deleted_is_forgotten(tea):
    question = ask(tea, "a")
    ask(tea, "1", "b", "2", below=question)
    ask(tea, "1'", below=question)
    switch(tea, "1")
    switch(tea, "1'")
    tea.messages.get(text="2").delete()

    assert switch(tea, "1") == ["a", "1", "b"]


def test_stepping_to_what_is_shown_changes_nothing(tea):
    ask(tea, "a", "1", "b", "2")

    assert switch(tea, "1") == ["a", "1", "b", "2"]


def test_a_system_message_is_nothing_to_step_to(tea):
    set_system_message(tea, "Be brief.")
    ask(tea, "a", "1")

    assert switch(tea, "Be brief.") == ["a", "1"]


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


# --- tokens ---------------------------------------------------------------------------------


def test_tokens_are_counted_once_for_each_encoding(tea, django_assert_num_queries):
    message = say(tea, Role.USER, "お誕生日おめでとう")

    with django_assert_num_queries(2):
        counted = [token_count(message, name) for name in ["cl100k_base", "o200k_base"] * 3]

    assert counted == [9, 8] * 3
    message.refresh_from_db()
    assert message.token_counts == {"cl100k_base": 9, "o200k_base": 8}


def test_a_stored_count_is_believed(tea, django_assert_num_queries):
    message = say(tea, Role.USER, "Tea", token_counts={"o200k_base": 77})

    with django_assert_num_queries(0):
        assert token_count(message, "o200k_base") == 77


def test_text_that_is_still_arriving_is_counted_but_not_for_later(tea):
    answer = say(tea, Role.ASSISTANT, "Two cups", status=Status.STREAMING)

    assert token_count(answer, "o200k_base") == 2
    answer.refresh_from_db()
    assert answer.token_counts == {}


# --- cost of a long conversation ------------------------------------------------------------


def queries_of(act):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        act()
    return len(queries)


def test_queries_do_not_grow_with_the_conversation(alice):
    counts = []
    for length in (2, 40):
        conversation = make_conversation(alice)
        ask(conversation, *["a", "1"] * length)
        other = ask(conversation, "1'", below=conversation.messages.filter(text="a").first())
        leaf = conversation.current_leaf_id
        counts.append(
            (
                queries_of(lambda c=conversation, leaf=leaf: path_to(c, leaf)),
                queries_of(lambda c=conversation, other=other: switch_to(c, other)),
            )
        )

    assert counts[0] == counts[1]
    assert counts[0][0] == 2
