"""Hints come late, twice or never; what is taken joins what is shown to the character."""

import random

from conversations.turns.sharing import overheard
from conversations.turns.sharing.overheard import Overheard


def test_pieces_that_join_are_taken_together():
    heard = Overheard()
    heard.add(0, "one ", 0, "")
    heard.add(4, "two", 0, "")

    assert heard.take(0, 0) == ("one two", "")
    assert not heard.has_more


def test_what_is_shown_already_is_left_out():
    heard = Overheard()
    heard.add(0, "one two", 0, "think")

    assert heard.take(4, 2) == ("two", "ink")


def test_after_a_gap_nothing_is_taken_until_it_is_closed():
    heard = Overheard()
    heard.add(8, "three", 0, "")

    assert heard.take(4, 0) == ("", "")
    assert heard.has_more
    assert heard.take(9, 0) == ("hree", "")


def test_a_piece_that_does_not_join_replaces_the_ones_before():
    heard = Overheard()
    heard.add(0, "one ", 0, "")
    heard.add(8, "three", 0, "")

    assert heard.take(0, 0) == ("", "")
    assert heard.take(8, 0) == ("three", "")


def test_what_lies_wholly_behind_is_nothing():
    heard = Overheard()
    heard.add(0, "one ", 0, "")

    assert heard.take(10, 0) == ("", "")
    assert not heard.has_more


def test_text_and_reasoning_are_counted_apart():
    heard = Overheard()
    heard.add(0, "", 0, "Let me ")
    heard.add(0, "Yes", 7, "think")

    assert heard.take(0, 0) == ("Yes", "Let me think")


def test_it_keeps_a_bounded_amount(monkeypatch):
    monkeypatch.setattr(overheard, "MOST", 100)
    heard = Overheard()
    for number in range(50):
        heard.add(1 + 10 * number, "x" * 10, 0, "")

    kept = sum(len(heard.take(position, 0)[0]) for position in range(1, 502))

    assert 0 < kept <= 100


def test_whatever_is_lost_nothing_comes_twice_or_in_the_wrong_place():
    chance = random.Random(20261121)
    text = "".join(chance.choices("abcdefghij", k=2_000))
    for _ in range(50):
        heard, shown, sent = Overheard(), "", 0
        while len(shown) < len(text):
            end = min(len(text), sent + chance.randint(1, 40))
            if chance.random() < 0.7:
                heard.add(sent, text[sent:end], 0, "")
            sent = end
            shown += heard.take(len(shown), 0)[0]
            if chance.random() < 0.3 or sent == len(text):  # the database has it by now
                shown += text[len(shown) : sent]
            assert text.startswith(shown)
