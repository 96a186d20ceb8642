import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import errors
from conversations.tokens import Usage
from conversations.upstream.chunks import ChunkReader, Delta
from conversations.upstream.surrogates import PairJoiner
from conversations.upstream.usage import ABSURD_TOKENS, usage_from


def delta(content=None, finish_reason=None, **more):
    message = {"content": content} if content is not None else {}
    return {"choices": [{"index": 0, "delta": message | more, "finish_reason": finish_reason}]}


TEXTS = {
    "content": (delta("Hello"), Delta("Hello")),
    "role only": (delta(role="assistant"), Delta()),
    "role and empty content": (delta("", role="assistant"), Delta()),
    "content null": (delta(content=None, role="assistant"), Delta()),
    "no choices": ({"choices": []}, Delta()),
    "choices null": ({"choices": None}, Delta()),
    "choices missing": ({}, Delta()),
    "choices not a list": ({"choices": {"0": "x"}}, Delta()),
    "choice null": ({"choices": [None]}, Delta()),
    "choice a text": ({"choices": ["x"]}, Delta()),
    "delta null": ({"choices": [{"index": 0, "delta": None}]}, Delta()),
    "delta a text": ({"choices": [{"index": 0, "delta": "x"}]}, Delta()),
    "no index": ({"choices": [{"delta": {"content": "x"}}]}, Delta("x")),
    "index null": ({"choices": [{"index": None, "delta": {"content": "x"}}]}, Delta("x")),
    "another choice alone": ({"choices": [{"index": 1, "delta": {"content": "x"}}]}, Delta()),
    "two choices": (
        {
            "choices": [
                {"index": 1, "delta": {"content": "one"}},
                {"index": 0, "delta": {"content": "zero"}},
            ]
        },
        Delta("zero"),
    ),
    "content a number": (delta(7), Delta()),
    "content an object": (delta({"text": "x"}), Delta()),
    "content parts": (
        delta([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        Delta("ab"),
    ),
    "unknown parts": (
        delta([{"type": "image"}, None, "x", {"type": "text", "text": 7}, {"type": "text"}]),
        Delta(),
    ),
    "thinking parts": (
        delta([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
        Delta("", "hm"),
    ),
    "refusal": (delta(refusal="I cannot."), Delta("I cannot.")),
    "refusal null": (delta("x", refusal=None), Delta("x")),
    "reasoning_content": (delta(reasoning_content="hm"), Delta("", "hm")),
    "reasoning": (delta(reasoning="hm"), Delta("", "hm")),
    "both names": (delta(reasoning="hm", reasoning_content="hm"), Delta("", "hm")),
    "reasoning an object": (delta("x", reasoning={"effort": "high"}), Delta("x")),
    "text and reasoning": (delta("x", reasoning="hm"), Delta("x", "hm")),
    "tool calls": (
        delta(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": '{"a":1}'}}]),
        Delta(),
    ),
    "whole message": (
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}}]},
        Delta("x"),
    ),
}


@pytest.mark.parametrize(("payload", "expected"), TEXTS.values(), ids=TEXTS)
def test_text_of_a_chunk(payload, expected):
    assert ChunkReader().read(payload) == expected


def test_a_whole_message_does_not_repeat_what_the_deltas_said():
    reader = ChunkReader()
    reader.read(delta("Hello"))

    repeated = {"choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}]}

    assert reader.read(repeated) == Delta()
    assert reader.finish_reason == "stop"


def test_a_refusal_is_noted():
    reader = ChunkReader()
    assert reader.refused is False

    reader.read(delta(refusal="No"))
    reader.read(delta("."))

    assert reader.refused is True


FINISH_REASONS = {
    "none": ([None, None], ""),
    "stop": ([None, "stop"], "stop"),
    "first of two": (["length", "stop"], "length"),
    "empty does not count": (["", "stop", ""], "stop"),
    "unknown": (["eos_token"], "eos_token"),
    "a number": ([7], ""),
    "an object": ([{"type": "stop"}], ""),
    "unprintable": (["st\x00\x1b\nop\u202e"], "stop"),
    "surrogate": (["st\ud800op"], "stop"),
    "long": (["x" * 80], "x" * 49 + "…"),
    "blank": (["   "], ""),
}


@pytest.mark.parametrize(("reasons", "expected"), FINISH_REASONS.values(), ids=FINISH_REASONS)
def test_finish_reason(reasons, expected):
    reader = ChunkReader()
    for reason in reasons:
        reader.read(delta("", reason))

    assert reader.finish_reason == expected


def test_text_after_the_finish_reason_counts():
    reader = ChunkReader()
    reader.read(delta("", "stop"))

    assert reader.read(delta("more")) == Delta("more")


def test_what_a_call_says_of_itself():
    reader = ChunkReader()
    reader.read({"id": "a", "model": "m-1", "created": 5, "system_fingerprint": None})
    reader.read({"id": "b", "model": "m-2", "created": 6, "system_fingerprint": "fp"})

    assert (reader.id, reader.model, reader.created, reader.fingerprint) == ("a", "m-1", 5, "fp")


@pytest.mark.parametrize("wrong", [7, None, True, [], {}, 1.5, "", "\x00\n"])
def test_names_of_the_wrong_type_are_none(wrong):
    reader = ChunkReader()
    reader.read({"id": wrong, "model": wrong, "system_fingerprint": wrong})

    assert (reader.id, reader.model, reader.fingerprint) == ("", "", "")


def test_names_are_bounded():
    reader = ChunkReader()
    reader.read({"id": "x" * 5000})

    assert len(reader.id) == 200


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000.7, 1_700_000_000),
        (0, None),
        (-1, None),
        (True, None),
        ("1700000000", None),
        (10**30, None),
        (float("inf"), None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_created(created, expected):
    reader = ChunkReader()
    reader.read({"created": created})

    assert reader.created == expected


@pytest.mark.parametrize("payload", [None, [], "text", 7, True])
def test_a_payload_that_is_no_object_is_an_error(payload):
    with pytest.raises(errors.ServerFailed):
        ChunkReader().read(payload)


def test_an_error_object_is_raised():
    payload = {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}, "choices": []}
    with pytest.raises(errors.RateLimited, match="rate-limiting"):
        ChunkReader().read(payload)


def test_an_error_of_null_is_none():
    assert ChunkReader().read({"error": None, **delta("x")}) == Delta("x")


def reported(prompt=10, completion=5, cached=None, written=None, reasoning=None, **more):
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    } | more


USAGES = {
    "plain": (reported(), Usage(10, 5)),
    "details": (reported(10, 5, 4, 3, 2), Usage(10, 5, 4, 3, 2)),
    "zero": (reported(0, 0), Usage(0, 0)),
    "no details": ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(10, 5)),
    "details null": (
        reported(prompt_tokens_details=None, completion_tokens_details=None),
        Usage(10, 5),
    ),
    "details a list": (
        reported(prompt_tokens_details=[], completion_tokens_details="x"),
        Usage(10, 5),
    ),
    "details not usable": (reported(10, 5, -1, True, 2.0), Usage(10, 5)),
    "all of the prompt cached": (reported(10, 5, 10), Usage(10, 5, 10)),
    "more cached than prompted": (reported(10, 5, 11), Usage(10, 5)),
    "cached and written exceed the prompt": (reported(10, 5, 8, 3), Usage(10, 5, 8)),
    "more reasoning than completion": (reported(10, 5, reasoning=6), Usage(10, 5)),
    "reasoning beside the completion": (
        reported(10, 5, reasoning=300, total_tokens=315),
        Usage(10, 305, reasoning=300),
    ),
    "reasoning within the completion": (
        reported(10, 305, reasoning=300, total_tokens=315),
        Usage(10, 305, reasoning=300),
    ),
    "absurd detail": (reported(10, 5, 10**30), Usage(10, 5)),
    "negative": (reported(-1), None),
    "negative completion": (reported(10, -5), None),
    "not whole": (reported(10.0), None),
    "a text": (reported("10"), None),
    "a truth value": (reported(True), None),
    "null": (reported(None), None),
    "largest": (reported(ABSURD_TOKENS, 0), Usage(ABSURD_TOKENS, 0)),
    "absurd": (reported(ABSURD_TOKENS + 1), None),
    "missing": ({"prompt_tokens": 10}, None),
    "no object": ([10, 5], None),
    "none": (None, None),
}


@pytest.mark.parametrize(("figures", "expected"), USAGES.values(), ids=USAGES)
def test_usage(figures, expected):
    assert usage_from(figures) == expected


def test_the_last_usable_usage_counts():
    reader = ChunkReader()
    for figures in (reported(10, 1), reported(10, 2), None, reported(10, -3)):
        reader.read(delta("x") | {"usage": figures})

    assert reader.usage == Usage(10, 2)


@given(st.text(alphabet=st.characters() | st.sampled_from("\ud83d\ude00\ud800\udfff\x00")))
def test_text_cut_anywhere_joins_to_what_it_was(text):
    pieces = PairJoiner()
    joined = "".join(pieces.feed(char) for char in text) + pieces.flush()
    whole = PairJoiner()

    assert joined == whole.feed(text) + whole.flush()
    joined.encode()
    assert "\x00" not in joined


SURROGATES = {
    "pair in one": (["\ud83e\udd8a"], "🦊"),
    "pair in two": (["a\ud83e", "\udd8ab"], "a🦊b"),
    "high at the end": (["a\ud83e"], "a\ufffd"),
    "high, then text": (["\ud83e", "x"], "\ufffdx"),
    "low alone": (["a", "\udd8a"], "a\ufffd"),
    "high twice": (["\ud83e", "\ud83e", "\udd8a"], "\ufffd🦊"),
    "with nothing between": (["\ud83e", "", "\udd8a"], "🦊"),
    "NUL": (["a\x00b"], "a\ufffdb"),
}


@pytest.mark.parametrize(("pieces", "expected"), SURROGATES.values(), ids=SURROGATES)
def test_surrogates(pieces, expected):
    joiner = PairJoiner()

    assert "".join(joiner.feed(piece) for piece in pieces) + joiner.flush() == expected


NAMES = [
    "choices",
    "delta",
    "message",
    "content",
    "index",
    "usage",
    "error",
    "text",
    "type",
    "finish_reason",
    "refusal",
    "prompt_tokens",
    "completion_tokens",
    "created",
    "id",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_payload_crashes_it(payload):
    reader = ChunkReader()
    with contextlib.suppress(errors.UpstreamError):
        assert isinstance(reader.read(payload), Delta)
