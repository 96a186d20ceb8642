import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.search.words import LONGEST_WORD, MOST_WORDS, words_of
from tests.properties import modest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("green tea", ["green", "tea"]),
        ("", []),
        (" \n\t", []),
        ("?!… 🍵", []),
        ("Tea, tea; TEA!", ["tea"]),
        ("the tea of a kettle", ["kettle", "the", "tea", "of", "a"]),
        ("Grüße, Zoë", ["grüße", "zoë"]),
        ("Zoe\u0308", ["zoë"]),
        ('don\'t "quote" me', ["quote", "don", "me", "t"]),
        ("a* NEAR(b c) -d e:f ^g", ["near", "a", "b", "c", "d", "e", "f", "g"]),
        ("snake_case.py", ["snake", "case", "py"]),
        ("3.14", ["14", "3"]),
        ("今日は天気がいい。東京", ["今日は天気がいい", "東京"]),
        ("हिन्दी", ["हिन्दी"]),
        ("한국어", ["한국어"]),
    ],
)
def test_words_are_distinct_bare_and_the_longest_first(text, words):
    assert words_of(text) == words


def test_of_many_words_the_longest_are_taken():
    short = " ".join(f"a{number}" for number in range(1000))

    words = words_of(f"{short} kettle")

    assert words[0] == "kettle"
    assert len(words) == MOST_WORDS


def test_what_is_too_long_is_no_word():
    assert words_of("A" * (LONGEST_WORD + 1) + " tea " + "b" * LONGEST_WORD) == [
        "b" * LONGEST_WORD,
        "tea",
    ]


@modest
@given(st.text())
def test_no_word_holds_anything_that_a_database_could_take_for_an_operator(text):
    assert [word for word in words_of(text) if re.search(r"[\x00-/:-@\[-`{-\x7f]", word)] == []
