"""Each exchange takes 20 tokens, the system message 6, and 3 open the answer."""

from dataclasses import replace

import pytest

from conversations.context import Digest
from conversations.context.strategies.summary import wanted
from tests.context_kit import SYSTEM, made, material, path, piece, sent, states

LONG = path(*(f"{role}: {n}{role}" for n in range(1, 6) for role in "ua"), "u: now")  # 110 tokens
OPENING = "Here's what was discussed:"


def digest(through, text="Tea.", number=1):
    return Digest(number, through.id, text, 6)


def known(*digests):
    return {"digests": lambda: digests}


def mark(tokens):
    return {"numbers": {"summary_tokens": tokens}}


def test_the_summary_stands_in_for_what_it_covers():
    context = made("summary", LONG, **known(digest(LONG[5])), **mark(100))

    assert sent(context) == [
        SYSTEM.text,
        f"{OPENING}\n\nTea.",
        *("4u", "4a", "5u", "5a", "now"),
    ]
    assert states(context)["3a"] == "summarised"
    assert context.tokens == 3 + 6 + 10 + 50
    assert context.ends_at == LONG[5].id


def test_the_summary_is_a_literal_in_the_record():
    context = made("summary", LONG, **known(digest(LONG[5], number=7)), **mark(100))

    entry = context.record()[1]
    assert (entry["message"], entry["summary"]) == (None, 7)
    assert entry["literal"] == f"{OPENING}\n\nTea."


def test_a_thread_below_the_mark_is_sent_as_it_is():
    context = made("summary", LONG, **known(digest(LONG[5])), **mark(110))

    assert len(context.messages) == 1 + len(LONG)


def test_without_a_summary_it_is_as_much_as_fits():
    context = made("summary", LONG, limit=60, **mark(50))

    assert context.record() == made("fit", LONG, limit=60).record()


def test_the_one_that_covers_most_is_taken():
    digests = known(digest(LONG[1], "short", 1), digest(LONG[7], "long", 2), digest(LONG[3]))

    context = made("summary", LONG, **digests, **mark(100))

    assert context.messages[1]["content"].endswith("long")


def test_one_that_ends_inside_an_exchange_would_cut_it_and_is_not_taken():
    context = made("summary", LONG, **known(digest(LONG[4])), **mark(100))

    assert context.messages[1]["content"] == "1u"


def test_one_of_another_branch_is_not_taken():
    other = path("a: elsewhere")[0]

    context = made("summary", LONG, **known(digest(other)), **mark(100))

    assert context.messages[1]["content"] == "1u"


def test_what_is_pinned_is_sent_beside_the_summary():
    pieces = path("u! keep", "a: 1", "u: two", "a: 2", "u: three")

    context = made("summary", pieces, **known(digest(pieces[3])), **mark(39))

    assert sent(context) == [SYSTEM.text, f"{OPENING}\n\nTea.", "keep", "three"]
    assert states(context)["1"] == "summarised"


def test_what_does_not_fit_beside_the_summary_is_left_out():
    context = made("summary", LONG, limit=60, **known(digest(LONG[1])), **mark(50))

    assert states(context)["1a"] == "summarised"
    assert states(context)["4a"] == "left out"
    assert sent(context)[2:] == ["5u", "5a", "now"]


# --- when one is wanted -----------------------------------------------------------------------


def want(tokens, share=1.0, limit=1000, pieces=LONG, **more):
    return wanted(material(pieces, limit, **mark(tokens), **more), share)


@pytest.mark.parametrize(
    ("tokens", "through"),
    [
        (110, None),
        (109, "3a"),  # half of it is 54, and 50 of 110 are left after three exchanges
        (98, "4a"),
        (40, "5a"),
        (1, "5a"),
    ],
)
def test_the_older_half_is_wanted_once_the_mark_is_passed(tokens, through):
    found = want(tokens)

    assert (found.pieces[-1].text if found else None) == through
    assert found is None or found.through == found.pieces[-1].id


def test_it_is_wanted_earlier_for_a_smaller_share():
    assert want(140) is None
    assert want(140, share=0.75).pieces[-1].text == "2a"


def test_the_mark_is_three_quarters_of_the_room_at_most():
    assert want(0, limit=156) is None
    assert want(0, limit=155).pieces[0].text == "1u"
    assert want(10_000, limit=155).pieces[0].text == "1u"


def test_a_long_system_message_alone_wants_no_summary():
    system = piece("system", "long", 500)

    assert wanted(material(path("u: one", "a: 1", "u: two"), 2000, system, **mark(100))) is None


def test_where_the_summary_itself_leaves_no_room_it_does_without():
    context = made("summary", LONG, limit=60, **known(digest(LONG[7], "long")), **mark(50))
    pinned = replace(LONG[9], is_pinned=True)

    tight = made("summary", [*LONG[:9], pinned, LONG[10]], 29, **known(digest(LONG[7])), **mark(50))

    assert context.over == 0
    assert tight.over == 0
    assert "summarised" not in states(tight).values()


def test_it_extends_the_one_that_is_there():
    found = want(60, **known(digest(LONG[3])))

    assert [piece.text for piece in found.pieces] == ["3u", "3a", "4u", "4a"]
    assert found.previous.text == "Tea."


def test_it_is_not_wanted_as_long_as_the_one_that_is_there_will_do():
    assert want(90, **known(digest(LONG[3]))) is None


def test_the_newest_exchange_is_never_summarised():
    assert want(10, pieces=path("u: one")) is None
    assert want(10, pieces=path("u: one", "a: 1", "a: 2", "a: 3")) is None


def test_what_is_excluded_is_in_no_summary():
    found = want(39, pieces=path("u: one", "a- secret", "u: two", "a: 2", "u: now"))

    assert "secret" not in [piece.text for piece in found.pieces]
