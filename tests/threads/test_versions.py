import uuid

import pytest

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Origin, Role, Standing
from conversations.rendering import RENDERER_VERSION
from conversations.threads import delete, rewrite, set_standing, set_system_message, switch_to
from tests.threads.kit import ask, first, message, run, shown


def switch(conversation, text):
    switch_to(conversation, message(conversation, text))
    return shown(conversation)


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


# --- another version by hand ----------------------------------------------------------------


def test_another_version_ends_the_thread_and_the_old_branch_is_kept(tea):
    ask(tea, "a", "1", "b", "2")

    rewrite(tea, message(tea, "1"), "1'")

    assert shown(tea) == ["a", "1'"]
    assert switch(tea, "1") == ["a", "1", "b", "2"]
    assert switch(tea, "1'") == ["a", "1'"]


def test_the_branch_that_is_left_remembers_where_it_was(tea):
    question = ask(tea, "a")
    fork = ask(tea, "1", "b", below=question)
    left = ask(tea, "2", below=fork)
    ask(tea, "3", below=fork)
    switch_to(tea, left)

    rewrite(tea, question, "a'")

    assert switch(tea, "a") == ["a", "1", "b", "2"]


@pytest.mark.parametrize("text", ["a", "1"])
def test_a_version_by_hand_says_so_and_knows_its_tokens(tea, text):
    ask(tea, "a", "1")

    made = rewrite(tea, message(tea, text), "Two cups\x00").message

    old = message(tea, text)
    made.refresh_from_db()
    assert (made.role, made.parent_id) == (old.role, old.parent_id)
    assert (made.origin, made.text) == (Origin.WRITTEN, "Two cups\ufffd")
    assert list(made.token_counts) == ["o200k_base"]


def test_an_answer_by_hand_is_rendered(tea):
    ask(tea, "a", "1")

    made = rewrite(tea, message(tea, "1"), "**Tea**").message

    assert (made.html, made.html_version) == (
        "<p><strong>Tea</strong></p>\n",
        RENDERER_VERSION,
    )


def test_a_pinned_message_stays_pinned_in_its_next_version(tea):
    set_standing(ask(tea, "a"), Standing.PINNED)

    made = rewrite(tea, message(tea, "a"), "a'").message

    assert made.standing == Standing.PINNED


def test_the_same_client_id_again_makes_no_second_version(tea):
    ask(tea, "a", "1")
    client_id = uuid.uuid4()

    made = [rewrite(tea, message(tea, "1"), "1'", client_id).message for _ in range(2)]

    assert made[0] == made[1]
    assert tea.messages.filter(role=Role.ASSISTANT).count() == 2


@pytest.mark.parametrize("text", ["", " \n "])
def test_a_version_without_words_is_refused(tea, text):
    ask(tea, "a", "1")

    with pytest.raises(InvalidInput, match="Write a message first"):
        rewrite(tea, message(tea, "1"), text)

    assert shown(tea) == ["a", "1"]


def test_what_was_deleted_has_no_further_version(tea):
    delete(ask(tea, "a"))

    with pytest.raises(InvalidInput, match="was deleted"):
        rewrite(tea, message(tea, "a"), "a'")


def test_the_system_message_of_the_settings_has_no_versions(tea):
    set_system_message(tea, "Be brief.")

    with pytest.raises(InvalidInput, match="settings"):
        rewrite(tea, tea.system_message, "Be kind.")


@pytest.mark.parametrize(("text", "is_refused"), [("2", True), ("b", True), ("1", False)])
def test_an_answer_that_is_being_written_and_its_question_are_left_alone(tea, text, is_refused):
    ask(tea, "a", "1", "b", "2")
    run(tea, "2")

    if is_refused:
        with pytest.raises(AnswerRunning):
            rewrite(tea, message(tea, text), "new")
    else:
        rewrite(tea, message(tea, text), "new")

    assert tea.messages.filter(text="new").exists() is not is_refused
