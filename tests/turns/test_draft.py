"""One piece of code for preview and call."""

import pytest

from conversations import threads
from conversations.context import STRATEGIES
from conversations.errors import DoesNotFit, InvalidInput, JsonNotMentioned, TooLong
from conversations.models import Conversation, Message, Role, Standing, Status
from conversations.turns import make_draft
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice, prices):
    talk = make_conversation(alice, max_tokens=100)
    for number in range(4):
        say(talk, Role.USER, f"{number} tea?")
        say(talk, Role.ASSISTANT, f"{number} green.")
    return talk


def draft(talk, text="Now?"):
    return make_draft(talk, threads.path_to(talk, talk.current_leaf_id), text)


def sent(talk, text="Now?"):
    return [message["content"] for message in draft(talk, text).request.messages]


def test_the_thread_and_what_is_typed(talk):
    assert sent(talk)[-3:] == ["3 tea?", "3 green.", "Now?"]


def test_a_deleted_message_is_in_no_context(talk):
    threads.delete(talk.messages.get(text="1 green."))

    found = draft(talk)

    assert "1 green." not in [message["content"] for message in found.request.messages]
    assert "1 green." not in [entry.piece.text for entry in found.context.entries]


def test_what_is_excluded_is_listed_and_not_sent(talk):
    threads.set_standing(talk.messages.get(text="1 green."), Standing.EXCLUDED)

    found = draft(talk)

    states = {entry.piece.text: entry.state.value for entry in found.context.entries}
    assert states["1 green."] == "excluded"
    assert len(found.request.messages) == 8


def test_a_hand_written_system_message_stands_where_it_was_put(talk):
    after = talk.messages.get(text="1 green.")
    threads.write(talk, after, Role.SYSTEM, "From now on in French.")

    messages = draft(Conversation.objects.get(pk=talk.pk)).request.messages

    assert messages[4] == {"role": "system", "content": "From now on in French."}


def test_found_again_is_what_the_question_is_about(talk, settings):
    settings.DEFAULT_CONTEXT_WINDOW = 400
    talk.model, talk.strategy = "local-model", "retrieve"
    for number in range(40):
        say(talk, Role.USER, f"{number} something else entirely, and at some length?")

    context = draft(talk, "Which tea did we say, green?").context

    found = [entry.piece.text for entry in context.entries if entry.state.value == "retrieved"]
    assert any("green" in text for text in found)
    assert context.tokens <= 300


def test_all_of_ones_chats_are_searched_where_that_is_chosen(talk, alice, bob):
    say(make_conversation(alice), Role.USER, "Sencha is a green tea from Japan.")
    say(make_conversation(bob), Role.USER, "Sencha is what I, Bob, drink.")
    talk.strategy, talk.strategy_numbers = "retrieve", {"found_everywhere": 1}

    block = draft(talk, "Sencha?").request.messages[0]["content"]

    assert "from Japan" in block
    assert "Bob" not in block


def test_a_branch_does_not_find_what_it_is_a_copy_of(talk, alice):
    say(talk, Role.USER, "Sencha is a green tea from Japan.")
    talk.strategy, talk.strategy_numbers = "retrieve", {"found_everywhere": 1}
    talk.save()
    branch = threads.branch_off(talk, talk.messages.get(text__startswith="Sencha"))
    again = threads.branch_off(branch, branch.messages.get(text__startswith="Sencha"))

    for chat in (talk, branch, again):
        assert str(sent(chat, "Sencha?")).count("from Japan") == 1


@pytest.mark.parametrize("gone", ["deleted", "excluded", "chat deleted"])
def test_what_was_taken_out_elsewhere_is_not_found(talk, alice, gone):
    other = make_conversation(alice)
    message = say(other, Role.USER, "Sencha is a green tea from Japan.")
    if gone == "deleted":
        threads.delete(message)
    elif gone == "excluded":
        threads.set_standing(message, Standing.EXCLUDED)
    else:
        Conversation.objects.filter(pk=other.pk).update(deleted_at="2026-01-01T00:00Z")
    talk.strategy, talk.strategy_numbers = "retrieve", {"found_everywhere": 1}

    assert "Japan" not in str(sent(talk, "Sencha?"))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_makes_a_request(talk, strategy):
    talk.strategy = strategy

    found = draft(talk)

    assert found.problem is None
    assert found.context.strategy == strategy
    assert found.request.messages[-1]["content"] == "Now?"


@pytest.mark.parametrize(
    ("strategy", "refusal"), [("fit", DoesNotFit), ("window", DoesNotFit), ("everything", TooLong)]
)
def test_what_cannot_be_sent_can_be_looked_at(talk, settings, strategy, refusal):
    settings.DEFAULT_CONTEXT_WINDOW = 256
    talk.model, talk.strategy = "local-model", strategy

    found = draft(talk, "word " * 500)

    assert type(found.problem) is refusal
    assert found.context.entries[-1].piece.text == "word " * 500
    with pytest.raises(refusal):
        found.checked()


def test_max_tokens_that_leave_no_room_are_said(talk, settings):
    settings.DEFAULT_CONTEXT_WINDOW = 256
    talk.model, talk.max_tokens = "local-model", 256

    assert "leaves no room" in str(draft(talk).problem)


@pytest.mark.parametrize(
    ("text", "problem"), [("As JSON", None), ("In json", None), ("As XML", JsonNotMentioned)]
)
@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_json_mode_wants_the_word_in_what_is_sent(talk, kind, text, problem):
    talk.response_format = kind

    assert type(draft(talk, text).problem) is (problem or type(None))


def test_a_message_that_is_not_sent_does_not_mention_json(talk):
    talk.response_format = "json_object"
    talk.strategy, talk.strategy_numbers = "window", {"turns": 1}
    Message.objects.filter(text="0 tea?").update(text="0 tea as JSON?", token_counts={})

    assert isinstance(draft(talk).problem, JsonNotMentioned)


def test_an_excluded_question_cannot_be_answered(talk):
    question = talk.messages.get(text="3 tea?")
    threads.set_standing(question, Standing.EXCLUDED)

    assert isinstance(draft(talk, None).problem, InvalidInput)


def test_counting_is_done_once_a_message(talk, django_assert_num_queries):
    draft(talk)
    path = threads.path_to(talk, talk.current_leaf_id)

    assert all(message.token_counts for message in path)
    with django_assert_num_queries(1):  # the price
        make_draft(talk, path, "Now?")


def test_a_running_answer_is_counted_and_not_kept(talk):
    running = say(talk, Role.ASSISTANT, "4 gre", status=Status.STREAMING)

    draft(talk)

    running.refresh_from_db()
    assert running.token_counts == {}
