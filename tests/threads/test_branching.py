import uuid
from decimal import Decimal

import pytest

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import (
    Beginning,
    Completion,
    Conversation,
    Message,
    Preset,
    Standing,
    Status,
)
from conversations.threads import branch_off, delete, set_standing, set_system_message
from tests.people import make_conversation
from tests.threads.kit import ask, message, run, shown


def test_a_branch_is_a_copy_of_the_thread_up_to_its_message(tea):
    question = ask(tea, "a")
    ask(tea, "1", "b", "2", below=question)
    ask(tea, "1'", below=question)

    branch = branch_off(tea, message(tea, "b"))

    assert shown(branch) == ["a", "1", "b"]
    assert branch.messages.count() == 3
    assert shown(tea) == ["a", "1'"]


def test_a_branch_says_where_it_came_from(tea):
    ask(tea, "a")

    branch = branch_off(tea, message(tea, "a"))

    assert (branch.started_from, branch.beginning) == (tea, Beginning.BRANCH)
    assert (branch.owner, branch.title) == (tea.owner, "Branch of Tea")
    assert branch_off(branch, branch.messages.get()).title == "Branch of Tea"


def test_a_branch_is_answered_as_its_origin_is(alice):
    preset = Preset.objects.create(owner=alice, name="Short", model="gpt-4o-mini")
    origin = make_conversation(
        alice, temperature=0.5, seed=7, stop=["END"], strategy="window",
        strategy_numbers={"turns": 3}, preset=preset,
    )  # fmt: skip
    set_system_message(origin, "Be brief.")
    ask(origin, "a")

    branch = branch_off(origin, message(origin, "a"))

    branch.refresh_from_db()
    assert branch.parameters() == origin.parameters()
    assert branch.preset == preset
    assert branch.system_message.text == "Be brief."
    assert branch.system_message != origin.system_message


def test_a_copy_is_as_its_original_and_names_it(tea):
    ask(tea, "a", "1")
    Message.objects.filter(text="1").update(
        html="<p>1</p>", html_version=3, reasoning="Hm", status=Status.STOPPED,
        model="gpt-4o", token_counts={"o200k_base": 1}, format_problem="No JSON.",
        response_format="json_object",
    )  # fmt: skip
    set_standing(message(tea, "1"), Standing.PINNED)
    original = message(tea, "1")

    copy = branch_off(tea, original).current_leaf

    copied = Message.objects.get(pk=copy.pk)
    assert copied.copied_from == original
    for name in (
        "text", "html", "html_version", "reasoning", "role", "status", "origin", "model",
        "standing", "token_counts", "format_problem", "response_format",
    ):  # fmt: skip
        assert getattr(copied, name) == getattr(original, name)


def test_what_was_deleted_stays_behind(tea):
    ask(tea, "a", "1", "b", "2")
    delete(message(tea, "1"))

    branch = branch_off(tea, message(tea, "2"))

    assert shown(branch) == ["a", "b", "2"]


def test_money_is_not_doubled(tea):
    answer = ask(tea, "a", "1")
    Completion.objects.create(message=answer, conversation=tea, model="m", cost=Decimal("0.5"))

    branch = branch_off(tea, answer)

    branch.refresh_from_db()
    assert Completion.objects.count() == 1
    assert (branch.cost, branch.calls) == (0, 0)


def test_there_is_no_branch_from_what_was_deleted_nor_from_what_is_being_written(tea):
    ask(tea, "a", "1")
    run(tea, "1")
    delete(ask(tea, "b"))

    with pytest.raises(AnswerRunning):
        branch_off(tea, message(tea, "1"))
    with pytest.raises(InvalidInput, match="was deleted"):
        branch_off(tea, message(tea, "b"))


def test_a_thousand_messages_can_be_branched_off(tea):
    above, chain = None, []
    for number in range(1000):
        each = Message(conversation=tea, owner=tea.owner, role="user", origin="typed")
        each.text, each.parent = str(number), above
        chain.append(each)
        above = each
    Message.objects.bulk_create(chain)

    branch = branch_off(tea, chain[-1])

    assert shown(branch) == [str(number) for number in range(1000)]


def test_the_same_client_id_again_makes_no_second_branch(tea):
    ask(tea, "a", "1")
    client_id = uuid.uuid4()

    made = [branch_off(tea, message(tea, "1"), client_id) for _ in range(2)]

    assert made[0] == made[1]
    assert shown(made[0]) == ["a", "1"]
    assert Conversation.objects.filter(beginning=Beginning.BRANCH).count() == 1


def test_a_client_id_of_something_else_is_refused(tea):
    ask(tea, "a", "1")
    client_id = uuid.uuid4()
    branch_off(tea, message(tea, "a"), client_id)

    with pytest.raises(InvalidInput, match="another chat"):
        branch_off(tea, message(tea, "1"), client_id)
