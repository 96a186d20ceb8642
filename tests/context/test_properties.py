"""What holds for every strategy and any thread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context import (
    STRATEGIES,
    Digest,
    Material,
    State,
    build,
    canonical_json,
)
from conversations.context.exchanges import exchanges_of
from conversations.text import sha256
from tests.context_kit import REPLY, piece
from tests.properties import modest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
standings = st.sampled_from([{}, {}, {}, {"is_pinned": True}, {"is_excluded": True}])
roles = st.sampled_from(["user", "assistant", "user", "assistant", "system"])
pieces = st.builds(
    lambda role, text, tokens, standing: piece(role, text, tokens, **standing),
    roles,
    texts,
    st.integers(0, 50),
    standings,
)
questions = st.builds(piece, st.just("user"), texts.filter(bool), st.integers(0, 50))
systems = st.none() | st.builds(piece, st.just("system"), texts.filter(bool), st.integers(0, 50))


@st.composite
def materials(draw):
    path = [*draw(st.lists(pieces, max_size=12)), draw(questions)]
    elsewhere = draw(st.lists(st.builds(piece, st.just("user"), texts.filter(bool)), max_size=3))
    ends = draw(st.lists(st.sampled_from(path), max_size=3))
    digests = [Digest(n, end.id, f"Summary {n}", 7) for n, end in enumerate(ends)]
    findable = draw(st.permutations([each for each in path if each.can_be_sent] + elsewhere))

    def find(without, most, everywhere):
        among = findable if everywhere else [each for each in findable if each not in elsewhere]
        return [each for each in among if each.id not in without][:most]

    numbers = {
        "turns": draw(st.integers(1, 6)),
        "summary_tokens": draw(st.integers(0, 200)),
        "found_messages": draw(st.integers(1, 4)),
        "found_everywhere": draw(st.integers(0, 1)),
    }
    return Material(
        draw(systems),
        path,
        draw(st.integers(0, 500)),
        lambda text: len(text) // 4,
        numbers,
        digests=lambda: digests,
        find=find,
    )


every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def in_array(context):
    return [entry for entry in context.entries if entry.is_in_array]


@every_strategy
@modest
@given(material=materials())
def test_it_is_never_over_the_window_unless_it_says_so(strategy, material):
    context = build(strategy, material)

    assert context.over == max(context.tokens - material.limit, 0)
    if strategy != "everything":
        assert context.tokens == REPLY + sum(entry.weight for entry in in_array(context))


@every_strategy
@modest
@given(material=materials())
def test_the_system_message_is_first_and_the_newest_message_last(strategy, material):
    messages = build(strategy, material).messages

    if material.system:
        assert messages[0] == {"role": "system", "content": material.system.text}
    assert messages[-1] == {"role": "user", "content": material.path[-1].text}


@every_strategy
@modest
@given(material=materials())
def test_pinned_messages_are_in_and_excluded_ones_out(strategy, material):
    context = build(strategy, material)

    sent = {entry.piece.id for entry in in_array(context)}
    assert {p.id for p in material.path if p.is_pinned and p.text} <= sent
    assert not {p.id for p in material.path if p.is_excluded or not p.text} & sent


@every_strategy
@modest
@given(material=materials())
def test_nothing_is_there_twice_and_nothing_of_the_thread_is_missing(strategy, material):
    context = build(strategy, material)

    ids = [entry.piece.id for entry in context.entries if entry.piece.id]
    assert len(ids) == len(set(ids))
    thread = {each.id for each in material.path}
    assert thread <= set(ids)


@every_strategy
@modest
@given(material=materials())
def test_the_order_is_the_threads(strategy, material):
    context = build(strategy, material)

    places = {each.id: place for place, each in enumerate(material.path)}
    own = [places[e.piece.id] for e in context.entries if e.piece.id in places and not e.joins]
    assert own == sorted(own)


@every_strategy
@modest
@given(material=materials())
def test_exchanges_go_whole_and_the_oldest_first(strategy, material):
    context = build(strategy, material)

    sent = {entry.piece.id for entry in in_array(context) if entry.state is State.SENT}
    there = []
    for exchange in exchanges_of(material.path):
        free = {each.id for each in exchange if each.can_be_sent and not each.is_pinned}
        found = {e.piece.id for e in context.entries if e.state is State.RETRIEVED}
        assert free <= sent or not free & sent
        if free - found:
            there.append(free <= sent)
    assert there == sorted(there)


@every_strategy
@modest
@given(material=materials())
def test_the_same_material_makes_the_same_context(strategy, material):
    assert build(strategy, material) == build(strategy, material)


@every_strategy
@modest
@given(material=materials())
def test_the_record_proves_the_array_and_holds_no_text_of_a_message(strategy, material):
    context = build(strategy, material)
    texts = {str(entry.piece.id): entry.piece.text for entry in context.entries}

    messages = []
    for entry, kept in zip(context.entries, context.record(), strict=True):
        text = kept.get("literal", texts.get(kept["message"]))
        assert (kept["sha256"], kept["length"]) == (sha256(text), len(text))
        assert kept["message"] is None or "literal" not in kept
        if not entry.is_in_array:
            continue
        if kept.get("joins"):
            messages[-1]["content"] += kept["label"] + text
        else:
            messages.append({"role": kept["role"], "content": text})
    assert messages == list(context.messages)
    assert sha256(canonical_json(messages)) == context.sha256()


@modest
@given(material=materials())
def test_a_longer_limit_never_sends_less(material):
    longer = Material(material.system, material.path, material.limit + 20, len)

    assert len(build("fit", longer).messages) >= len(build("fit", material).messages)


def test_an_unknown_strategy_is_the_default_one():
    material = Material(None, [piece("user", "Hi")], 100, len)

    assert build("of last year", material).strategy == "fit"


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json([{"role": "user", "content": "Tee für “2”\n"}]) == (
        '[{"content":"Tee für “2”\\n","role":"user"}]'
    )
