import pytest

from tests.context_kit import REPLY, SYSTEM, THREE, made, outcome, path, piece, sent


def fit(pieces, limit=1000, system=None):
    return made("fit", pieces, limit, system)


def test_oldest_exchanges_are_dropped_first():
    context = fit(THREE, 3 + 6 + 10 + 20, SYSTEM)

    assert outcome(context) == [
        ("Be brief.", "sent", ""),
        ("one", "left out", "over the limit"),
        ("1", "left out", "over the limit"),
        ("two", "sent", ""),
        ("2", "sent", ""),
        ("three", "sent", ""),
    ]
    assert (context.tokens, context.left_out) == (39, 2)
    assert context.ends_at == THREE[1].id


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (1000, ["Be brief.", "one", "1", "two", "2", "three"]),
        (59, ["Be brief.", "one", "1", "two", "2", "three"]),
        (58, ["Be brief.", "two", "2", "three"]),
        (39, ["Be brief.", "two", "2", "three"]),
        (38, ["Be brief.", "three"]),
        (19, ["Be brief.", "three"]),
    ],
)
def test_exchanges_go_whole_at_the_very_token(limit, kept):
    assert sent(fit(THREE, limit, SYSTEM)) == kept


@pytest.mark.parametrize(
    ("system", "pieces", "limit", "over"),
    [
        (SYSTEM, THREE, 18, 1),
        (SYSTEM, THREE, 0, 19),
        (SYSTEM, THREE, -5, 24),
        (None, path("u: one"), 12, 1),
        (None, [piece("user", "long", 20_000)], 128, 19_879),
        (piece("system", "long", 500), path("u: one"), 100, 417),
        (piece("system", "long", 500), [], 100, 407),
        (None, path("u! pinned", "a: 1", "u: one"), 22, 1),
    ],
)
def test_what_cannot_fit_is_said_with_a_number(system, pieces, limit, over):
    assert fit(pieces, limit, system).over == over


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        ([], []),
        (path("u: one"), ["one"]),
        (path("u: one", "a: 1", "a: 2", "a: 3", "u: two"), ["one", "1", "2", "3", "two"]),
        (path("u: one", "u: two"), ["one", "two"]),
        (path("a: Welcome", "u: one"), ["Welcome", "one"]),
        (path("a: Welcome"), ["Welcome"]),
        (path("u: same", "a: same", "u: same"), ["same", "same", "same"]),
        (path("s: by hand", "u: one"), ["by hand", "one"]),
    ],
)
def test_a_path_that_fits_is_sent_as_it_is(pieces, kept):
    context = fit(pieces)

    assert sent(context) == kept
    assert context.tokens == REPLY + 10 * len(kept)
    assert context.ends_at is None


def test_consecutive_answers_go_with_their_question():
    pieces = path("u: one", "a: 1", "a: 2", "u: two")

    assert sent(fit(pieces, 42)) == ["two"]


def test_a_leading_answer_is_an_exchange_of_its_own():
    pieces = path("a: Welcome", "u: one", "a: 1", "u: two")

    assert sent(fit(pieces, 33)) == ["one", "1", "two"]


def test_an_answer_without_text_is_left_out_and_takes_no_room():
    pieces = path("u: one", "a: ", "u: two", "a: 2", "u: three")

    context = fit(pieces, 43)

    assert sent(context) == ["one", "two", "2", "three"]
    assert outcome(context)[1] == ("", "left out", "no text")
    assert (context.tokens, context.left_out, context.ends_at) == (43, 0, None)


def test_a_pinned_message_is_sent_though_its_exchange_is_left_out():
    pieces = path("u! one", "a: 1", "u: two", "a: 2", "u: three")

    context = fit(pieces, 43)

    assert sent(context) == ["one", "two", "2", "three"]
    assert outcome(context)[:2] == [("one", "pinned", ""), ("1", "left out", "over the limit")]


def test_a_pinned_message_takes_the_room_of_another_one():
    pieces = path("u! one", "a: 1", "u: two", "a: 2", "u: three")

    assert sent(fit(pieces, 42)) == ["one", "three"]


def test_an_excluded_message_is_not_sent_and_takes_no_room():
    pieces = path("u: one", "a- 1", "u: two", "a: 2", "u: three")

    context = fit(pieces, 43)

    assert sent(context) == ["one", "two", "2", "three"]
    assert outcome(context)[1] == ("1", "excluded", "excluded by the person")
    assert context.left_out == 0


def test_a_closing_instruction_comes_last_and_takes_room():
    closing = piece("user", "Go on.")

    context = made("fit", path("u: one", "a: 1"), 33, None, closing=closing)

    assert sent(context) == ["one", "1", "Go on."]
    assert context.tokens == 33
