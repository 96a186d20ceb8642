"""All messages that say something, as reviewers seek them."""

import pytest

from conversations.models import Role, Status
from conversations.search import saying
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    return make_conversation(alice)


@pytest.mark.parametrize(
    ("term", "is_said"),
    [
        ("darjeeling", True),
        ("DARJ", True),
        ("jeeling", False),
        ("green tea", True),
        ("tea green", False),
        ("green  tea", False),
        ("tea, or", True),
        ("tea or", False),
        ("100%", True),
        ("100", True),
        ("10%", False),
        ("%", True),
        ("_", False),
        ("creme", True),
        ("crème", True),
        ("Crème br", True),
        ("創業", True),
        ("業の", True),
        ("", True),
        ("'", True),
        ('"', False),
        ("\\", False),
        ("AND", False),
        ("NEAR(a b)", False),
        ("*", False),
    ],
)
def test_a_term_is_found_as_it_stands_there_and_a_word_by_its_beginning(talk, term, is_said):
    message = say(
        talk, Role.USER, "A green tea, or 100% Darjeeling? Crème brûlée isn't; 東京で創業の店."
    )

    assert list(saying(term)) == ([message] if is_said else [])


def test_whatever_has_become_of_a_message_it_is_found(talk, bob):
    one = say(talk, Role.USER, "Darjeeling", deleted_at="2026-11-03T09:00:00Z")
    other = say(make_conversation(bob, deleted_at="2026-11-03T09:00:00Z"), Role.USER, "Darjeeling")
    running = say(talk, Role.ASSISTANT, "Some darjee", status=Status.STREAMING)
    say(talk, Role.USER, "Coffee")

    assert set(saying("darjee")) == {one, other, running}


def test_a_word_too_long_for_the_index_is_sought_in_the_texts(talk):
    message = say(talk, Role.USER, "a" * 3000)

    assert list(saying("a" * 2500)) == [message]


def test_very_many_words_are_sought_in_the_texts(talk):
    text = " ".join(f"w{number}" for number in range(60))
    message = say(talk, Role.USER, text)

    assert list(saying(text)) == [message]
