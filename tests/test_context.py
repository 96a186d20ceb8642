import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context import Piece, State, canonical_json, fit
from conversations.errors import DoesNotFit
from conversations.text import sha256
from tests.properties import modest

# A message's frame is 4 tokens (3 and its role), and 3 open the answer: see tests/test_tokens.py.
FRAME, REPLY = 4, 3


def piece(role, text, tokens=6):
    return Piece(uuid.uuid4(), role, text, tokens if text else 0)


def path(*texts):
    """Pieces from "u: Hi" (a person's) and "a: Hello" (an answer)."""
    roles = {"u": "user", "a": "assistant"}
    return [piece(roles[text[0]], text[3:]) for text in texts]


def sent(context):
    return [message["content"] for message in context.messages]


def outcome(context):
    return [(entry.piece.text, entry.state.value, entry.reason) for entry in context.entries]


SYSTEM = piece("system", "Be brief.", 2)
THREE = path("u: one", "a: 1", "u: two", "a: 2", "u: three")  # 20, 20 and 10 tokens


def test_oldest_exchanges_are_dropped_first():
    context = fit(SYSTEM, THREE, limit=3 + 6 + 10 + 20)

    assert outcome(context) == [
        ("Be brief.", "sent", ""),
        ("one", "left out", "over the limit"),
        ("1", "left out", "over the limit"),
        ("two", "sent", ""),
        ("2", "sent", ""),
        ("three", "sent", ""),
    ]
    assert (context.tokens, context.left_out) == (39, 2)


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
    assert sent(fit(SYSTEM, THREE, limit)) == kept


@pytest.mark.parametrize(
    ("system", "pieces", "limit", "over"),
    [
        (SYSTEM, THREE, 18, "1"),
        (SYSTEM, THREE, 0, "19"),
        (SYSTEM, THREE, -5, "24"),
        (None, path("u: one"), 12, "1"),
        (None, [piece("user", "long", 20_000)], 128, "19,879"),
        (piece("system", "long", 500), path("u: one"), 100, "417"),
        (piece("system", "long", 500), [], 100, "407"),
    ],
)
def test_what_cannot_fit_is_said_with_a_number(system, pieces, limit, over):
    with pytest.raises(DoesNotFit) as refusal:
        fit(system, pieces, limit)

    assert str(refusal.value) == (
        f"{over} tokens over the model's limit. Shorten it, or change model."
    )


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
    ],
)
def test_a_path_that_fits_is_sent_as_it_is(pieces, kept):
    context = fit(None, pieces, 1000)

    assert sent(context) == kept
    assert context.tokens == REPLY + 10 * len(kept)


def test_consecutive_answers_go_with_their_question():
    pieces = path("u: one", "a: 1", "a: 2", "u: two")

    assert sent(fit(None, pieces, 42)) == ["two"]


def test_a_leading_answer_is_an_exchange_of_its_own():
    pieces = path("a: Welcome", "u: one", "a: 1", "u: two")

    assert sent(fit(None, pieces, 33)) == ["one", "1", "two"]


def test_an_answer_without_text_is_left_out_and_takes_no_room():
    pieces = path("u: one", "a: ", "u: two", "a: 2", "u: three")

    context = fit(None, pieces, 43)

    assert sent(context) == ["one", "two", "2", "three"]
    assert outcome(context)[1] == ("", "left out", "no text")
    assert (context.tokens, context.left_out) == (43, 0)


# --- what holds for any path ----------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
pieces = st.builds(piece, st.sampled_from(["user", "assistant"]), texts, st.integers(0, 50))
paths = st.lists(pieces, max_size=12)
systems = st.none() | st.builds(piece, st.just("system"), texts.filter(bool), st.integers(0, 50))
limits = st.integers(0, 400)


@modest
@given(systems, paths, limits)
def test_a_context_holds_to_its_limit_and_to_the_order_or_is_refused(system, path, limit):
    try:
        context = fit(system, path, limit)
    except DoesNotFit:
        return

    assert context.tokens <= limit
    assert context.tokens == REPLY + sum(
        FRAME + entry.piece.tokens for entry in context.entries if entry.state is State.SENT
    )
    assert [entry.piece for entry in context.entries] == ([system] if system else []) + path


def longest_tail(system, path, limit):
    """The texts of as many of the newest exchanges as fit, the system message first; by trial."""
    starts = [number for number, each in enumerate(path) if number == 0 or each.role == "user"]
    for start in starts or [0]:
        tail = [each for each in ([system] if system else []) + path[start:] if each.text]
        if REPLY + sum(FRAME + each.tokens for each in tail) <= limit:
            return [each.text for each in tail]
    return None


@modest
@given(systems, paths, limits)
def test_as_many_whole_exchanges_as_fit_are_sent(system, path, limit):
    try:
        texts = sent(fit(system, path, limit))
    except DoesNotFit:
        texts = None

    assert texts == longest_tail(system, path, limit)


@modest
@given(systems, paths, limits)
def test_a_longer_limit_never_sends_less(system, path, limit):
    try:
        shorter = fit(system, path, limit)
    except DoesNotFit:
        return

    assert len(fit(system, path, limit + 20).messages) >= len(shorter.messages)


@modest
@given(systems, paths)
def test_the_record_proves_the_array_and_holds_no_text(system, path):
    context = fit(system, path, 10_000)
    texts = {str(each.id): each.text for each in ([system] if system else []) + path}

    record = context.record()
    rebuilt = [
        {"role": entry["role"], "content": texts[entry["message"]]}
        for entry in record
        if entry["state"] == "sent"
    ]

    assert rebuilt == list(context.messages)
    assert sha256(canonical_json(rebuilt)) == context.sha256()
    assert [(entry["sha256"], entry["length"]) for entry in record] == [
        (sha256(text), len(text)) for text in texts.values()
    ]


@modest
@given(systems, paths, limits)
def test_the_same_path_makes_the_same_context(system, path, limit):
    def attempt():
        try:
            return fit(system, path, limit)
        except DoesNotFit as refusal:
            return str(refusal)

    assert attempt() == attempt()


def test_a_message_in_the_record():
    question = Piece(uuid.UUID(int=7), "user", "Tea?", 2)
    draft = Piece(None, "user", "More", 1)

    assert fit(None, [question, draft], 100).record() == [
        {
            "message": "00000000-0000-0000-0000-000000000007",
            "role": "user",
            "length": 4,
            "sha256": sha256("Tea?"),
            "tokens": 6,
            "state": "sent",
            "reason": "",
        },
        {
            "message": None,
            "role": "user",
            "length": 4,
            "sha256": sha256("More"),
            "tokens": 5,
            "state": "sent",
            "reason": "",
        },
    ]


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json([{"role": "user", "content": "Tee für “2”\n"}]) == (
        '[{"content":"Tee für “2”\\n","role":"user"}]'
    )
