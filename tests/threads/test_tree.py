from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.threads import path_to, set_system_message, switch_to, tree
from tests.people import make_conversation
from tests.threads.kit import ask, first, shown


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
