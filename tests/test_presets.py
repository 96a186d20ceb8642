import pytest
from django.utils import timezone

from conversations import presets
from conversations.errors import InvalidInput
from conversations.models import Conversation, Origin, Preset, Role, Standing, Status
from conversations.presets import Taken
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    return make_conversation(alice)


def texts(talk, taken=Taken.ALL):
    return [each["text"] for each in presets.examples_in(talk, taken)]


def test_only_what_the_model_would_see_is_taken(talk):
    say(talk, Role.USER, "Sent")
    say(talk, Role.USER, "Pinned", standing=Standing.PINNED)
    say(talk, Role.USER, "Excluded", standing=Standing.EXCLUDED)
    say(talk, Role.USER, "Deleted", deleted_at=timezone.now())
    say(talk, Role.ASSISTANT, "", status=Status.FAILED)
    say(talk, Role.ASSISTANT, "Half", status=Status.STOPPED)

    assert texts(talk) == ["Sent", "Pinned", "Half"]


def test_only_the_branch_that_is_shown_is_taken(talk):
    question = say(talk, Role.USER, "Question")
    say(talk, Role.ASSISTANT, "First", question)
    say(talk, Role.ASSISTANT, "Second", question)

    assert texts(talk) == ["Question", "Second"]


def test_messages_by_hand_can_be_instructions(talk):
    say(talk, Role.SYSTEM, "Mind this", origin=Origin.WRITTEN)
    say(talk, Role.USER, "Typed")

    assert presets.examples_in(talk, Taken.WRITTEN) == [{"role": "system", "text": "Mind this"}]


@pytest.mark.parametrize(("count", "length", "fits"), [(100, 1, True), (101, 1, False), (2, 50_001, False)])  # fmt: skip
def test_messages_have_bounds(count, length, fits):
    examples = [{"role": "user", "text": "x" * length}] * count

    if fits:
        presets.check_examples(examples)
    else:
        with pytest.raises(InvalidInput, match="at most 100"):
            presets.check_examples(examples)


def test_a_person_has_so_many_and_may_replace_one_of_them(talk, alice, monkeypatch):
    monkeypatch.setattr(presets, "MOST_PRESETS", 2)
    for name in ("One", "Two"):
        presets.save(talk, name, "", Taken.NONE)

    presets.save(talk, "Two", "Again", Taken.NONE)
    with pytest.raises(InvalidInput, match="You have 2 presets"):
        presets.save(talk, "Three", "", Taken.NONE)

    assert [each.description for each in Preset.objects.all()] == ["", "Again"]


def test_a_chat_is_its_own_once_it_has_begun(alice):
    made = Preset.objects.create(name="Support", model="gpt-4o-mini", seed=7)
    chat = Conversation(owner=alice)

    presets.begin_with(made, chat)
    made.seed = 8

    assert (chat.preset, chat.seed) == (made, 7)


def test_messages_that_are_only_looked_at_are_counted_and_not_stored(
    alice, django_assert_num_queries
):
    made = Preset.objects.create(
        name="Support", model="gpt-4o-mini", examples=[{"role": "user", "text": "Hello"}]
    )
    chat = Conversation(owner=alice)
    presets.begin_with(made, chat)

    with django_assert_num_queries(0):
        [message] = presets.examples_of(chat)

    assert (message.text, message.token_counts) == ("Hello", {"o200k_base": 1})
