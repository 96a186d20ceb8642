import pytest

from tests.context_kit import SYSTEM, made, path, sent, states

FOUR = path("u: one", "a: 1", "u: two", "a: 2", "a: zwei", "u: three", "a: 3", "u: four")


@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        (1, ["four"]),
        (2, ["three", "3", "four"]),
        (3, ["two", "2", "zwei", "three", "3", "four"]),
        (4, ["one", "1", "two", "2", "zwei", "three", "3", "four"]),
        (40, ["one", "1", "two", "2", "zwei", "three", "3", "four"]),
    ],
)
def test_the_system_message_and_the_last_turns_are_sent(turns, kept):
    context = made("window", FOUR, numbers={"turns": turns})

    assert sent(context) == [SYSTEM.text, *kept]


def test_what_is_older_says_why_it_is_left_out():
    context = made("window", FOUR, numbers={"turns": 2})

    reasons = {entry.piece.text: entry.reason for entry in context.entries}
    assert reasons["zwei"] == "before the last 2 turns"
    assert context.ends_at == FOUR[4].id


def test_it_is_bounded_by_what_fits():
    context = made("window", FOUR, limit=3 + 6 + 30, numbers={"turns": 3})

    assert sent(context) == [SYSTEM.text, "three", "3", "four"]
    reasons = {entry.piece.text: entry.reason for entry in context.entries}
    assert (reasons["one"], reasons["two"]) == ("before the last 3 turns", "over the limit")


def test_a_pinned_message_before_it_is_sent():
    pieces = path("u! one", "a: 1", "u: two", "a: 2", "u: three")

    context = made("window", pieces, numbers={"turns": 1})

    assert sent(context) == [SYSTEM.text, "one", "three"]
    assert states(context)["one"] == "pinned"


@pytest.mark.parametrize("turns", [None, 0, -3, "5", 10**9])
def test_a_number_out_of_its_bounds_is_the_default(turns):
    pieces = path(*(f"u: {number}" for number in range(12)))

    context = made("window", pieces, system=None, numbers={"turns": turns})

    assert sent(context) == [str(number) for number in range(2, 12)]
