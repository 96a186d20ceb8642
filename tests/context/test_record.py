"""What was sent, rebuilt from what is stored, and proved."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context import Piece, canonical_json, rebuild
from conversations.context.record import Stored, messages_in
from conversations.text import sha256
from tests.context_kit import SYSTEM, THREE, made, path, piece
from tests.properties import modest

# Room for the last two of three exchanges.
LIMITED = 3 + 6 + 10 + 20
CLOSING = Piece(None, "user", "Go on.", 6)


def stored(*pieces):
    return {each.id: Stored(each.text) for each in pieces if each.id}


def shown(context, now, **changes):
    """A context's record as it is rebuilt from what is stored now."""
    return rebuild(context.record(), changes.get("digest", context.sha256()), now)


def texts(rebuilt):
    return [(entry.text, entry.problem) for entry in rebuilt.entries]


NOW = stored(SYSTEM, *THREE)


def test_what_was_sent_is_rebuilt_and_proved():
    context = made("fit", limit=LIMITED)

    rebuilt = shown(context, NOW)

    assert rebuilt.messages == context.messages
    assert (rebuilt.is_proved, rebuilt.is_broken) == (True, False)
    assert [(entry.text, entry.state.value, entry.reason) for entry in rebuilt.entries] == [
        ("Be brief.", "sent", ""),
        ("one", "left out", "over the limit"),
        ("1", "left out", "over the limit"),
        ("two", "sent", ""),
        ("2", "sent", ""),
        ("three", "sent", ""),
    ]


def test_a_changed_message_is_shown_as_changed_and_is_not_what_was_sent():
    rebuilt = shown(made("fit"), NOW | {THREE[1].id: Stored("One")})

    assert rebuilt.entries[2].text == "O"
    assert [problem for _, problem in texts(rebuilt)] == ["", "", "changed since", "", "", ""]
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


def test_a_changed_message_that_was_left_out_changes_nothing_that_was_sent():
    context = made("fit", limit=LIMITED)

    rebuilt = shown(context, NOW | {THREE[0].id: Stored("eno")})

    assert texts(rebuilt)[1] == ("eno", "changed since")
    assert rebuilt.messages == context.messages
    assert (rebuilt.is_proved, rebuilt.is_broken) == (True, False)


def test_text_that_was_appended_since_is_not_shown_and_breaks_nothing():
    context = made("fit")

    rebuilt = shown(context, NOW | {THREE[3].id: Stored("2, and more")})

    assert rebuilt.messages == context.messages
    assert texts(rebuilt)[4] == ("2", "")
    assert rebuilt.is_proved


def test_a_deleted_message_is_not_shown_and_still_proves():
    rebuilt = shown(made("fit"), NOW | {THREE[0].id: Stored("one", is_deleted=True)})

    assert texts(rebuilt)[1] == (None, "deleted since")
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, True, False)


def test_a_deleted_message_that_was_left_out_keeps_nothing_from_being_shown():
    context = made("fit", limit=LIMITED)

    rebuilt = shown(context, NOW | {THREE[0].id: Stored("one", is_deleted=True)})

    assert texts(rebuilt)[1] == (None, "deleted since")
    assert (rebuilt.messages, rebuilt.is_proved) == (context.messages, True)


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        ({THREE[0].id: Stored("", is_deleted=True)}, "deleted since"),
        ({THREE[0].id: Stored("")}, "not there any more"),
    ],
)
def test_an_erased_message_leaves_the_rest_as_it_was_sent(now, problem):
    rebuilt = shown(made("fit"), NOW | now)

    assert texts(rebuilt)[1] == (None, problem)
    assert [text for text, _ in texts(rebuilt)[2:]] == ["1", "two", "2", "three"]
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, False)


def test_a_removed_message_is_not_there_any_more():
    rebuilt = shown(made("fit"), stored(SYSTEM, *THREE[1:]))

    assert texts(rebuilt)[1] == (None, "not there any more")
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, False)


def test_a_deleted_message_that_was_changed_is_not_shown_either():
    rebuilt = shown(made("fit"), NOW | {THREE[0].id: Stored("eno", is_deleted=True)})

    assert texts(rebuilt)[1] == (None, "changed since")
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


def test_beside_a_removed_message_a_changed_one_is_still_found():
    rebuilt = shown(made("fit"), stored(SYSTEM, *THREE[1:]) | {THREE[2].id: Stored("owt")})

    assert (rebuilt.is_proved, rebuilt.is_broken) == (False, True)


# --- literals and what joins ------------------------------------------------------------------


def test_a_literal_needs_no_message():
    context = made("fit", closing=CLOSING)

    rebuilt = shown(context, NOW)

    assert rebuilt.messages[-1] == {"role": "user", "content": "Go on."}
    assert (rebuilt.messages, rebuilt.is_proved) == (context.messages, True)


def test_a_literal_that_was_tampered_with_is_found():
    context = made("fit", closing=CLOSING)
    record = context.record()
    record[-1]["literal"] = "Go up!"

    rebuilt = rebuild(record, context.sha256(), NOW)

    assert texts(rebuilt)[-1] == ("Go up!", "changed since")
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


def test_a_literal_whose_hash_was_tampered_with_as_well_breaks_the_array():
    context = made("fit", closing=CLOSING)
    record = context.record()
    record[-1] |= {"literal": "Go up!", "sha256": sha256("Go up!")}

    rebuilt = rebuild(record, context.sha256(), NOW)

    assert texts(rebuilt)[-1] == ("Go up!", "")
    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


@pytest.mark.parametrize(
    "change", [{"role": "system"}, {"state": "left out"}, {"message": str(THREE[2].id)}]
)
def test_a_record_that_was_tampered_with_is_found(change):
    context = made("fit")
    record = context.record()
    record[1] |= change

    rebuilt = rebuild(record, context.sha256(), NOW)

    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


def test_an_erased_literal_is_not_there_any_more():
    context = made("fit", closing=CLOSING)
    record = context.record()
    del record[-1]["literal"]

    rebuilt = rebuild(record, context.sha256(), NOW)

    assert texts(rebuilt)[-1] == (None, "not there any more")
    assert (rebuilt.is_proved, rebuilt.is_broken) == (False, False)


LONG = path(*(f"{role}: {n}{role}" for n in range(20) for role in "ua"), "u: now")


@pytest.fixture
def retrieved():
    found = [LONG[1], piece("user", "of another chat")]
    search = lambda without, most, everywhere: [  # noqa: E731
        each for each in found if each.id not in without
    ]
    context = made("retrieve", LONG, 203, find=search)
    return context, stored(SYSTEM, *LONG, *found)


def test_what_was_found_is_shown_piece_by_piece_and_proved_as_one_message(retrieved):
    context, now = retrieved

    rebuilt = shown(context, now)

    assert rebuilt.messages == context.messages
    assert rebuilt.is_proved
    block = [(entry.text, entry.label) for entry in rebuilt.entries if entry.joins]
    assert block == [("0a", "\n\nassistant:\n"), ("of another chat", "\n\nuser:\n")]


def test_a_label_is_part_of_what_was_sent(retrieved):
    context, now = retrieved
    record = context.record()
    joined = next(entry for entry in record if entry.get("joins"))
    joined["label"] = "\n\nuser:\n"

    assert rebuild(record, context.sha256(), now).is_broken


def test_a_found_message_that_changed_breaks_its_block(retrieved):
    context, now = retrieved

    rebuilt = shown(context, now | {LONG[1].id: Stored("a0")})

    assert rebuilt.is_broken


def test_the_messages_that_a_record_names():
    context = made("fit", closing=CLOSING)

    assert messages_in(context.record()) == {SYSTEM.id, *(each.id for each in THREE)}


# --- what holds for any thread ------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
pieces = st.builds(
    piece,
    st.sampled_from(["user", "assistant", "system"]),
    words,
    st.integers(0, 50),
    is_pinned=st.booleans(),
    is_excluded=st.booleans(),
)
threads = st.lists(pieces, max_size=12)


@modest
@given(threads, st.sampled_from(["fit", "window", "everything"]), st.integers(0, 400))
def test_every_record_proves_its_array_and_holds_no_text_of_a_message(thread, strategy, limit):
    context = made(strategy, thread, limit)

    rebuilt = shown(context, stored(SYSTEM, *thread))

    assert (rebuilt.messages, rebuilt.is_proved) == (context.messages, True)
    assert [(entry.text, entry.tokens) for entry in rebuilt.entries] == [
        (entry.piece.text, entry.weight) for entry in context.entries
    ]
    assert not any("literal" in entry for entry in context.record())


@modest
@given(threads.filter(lambda thread: any(each.can_be_sent for each in thread)), st.data())
def test_any_change_of_what_was_sent_is_found(thread, data):
    context = made("fit", thread, 10_000)
    changed = data.draw(st.sampled_from([each for each in thread if each.can_be_sent]))
    other = data.draw(words.filter(lambda text: text and not text.startswith(changed.text)))

    rebuilt = shown(
        context,
        stored(
            SYSTEM, *(replace(each, text=other) if each is changed else each for each in thread)
        ),
    )

    assert (rebuilt.messages, rebuilt.is_proved, rebuilt.is_broken) == (None, False, True)


# --- its form -------------------------------------------------------------------------------------


def test_a_message_in_the_record():
    question = Piece(THREE[0].id, "user", "Tea?", 2)

    assert made("fit", [question], system=None, closing=CLOSING).record() == [
        {
            "message": str(question.id),
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
            "length": 6,
            "sha256": sha256("Go on."),
            "tokens": 10,
            "state": "sent",
            "reason": "",
            "literal": "Go on.",
        },
    ]


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json([{"role": "user", "content": "Tee für “2”\n"}]) == (
        '[{"content":"Tee für “2”\\n","role":"user"}]'
    )
