import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.upstream import sse
from conversations.upstream.sse import Event, EventParser

CASES = {
    "one event": (b"data: one\n\n", [Event("", "one")]),
    "several events": (b"data: one\n\ndata: two\n\n", [Event("", "one"), Event("", "two")]),
    "CRLF": (b"data: one\r\n\r\ndata: two\r\n\r\n", [Event("", "one"), Event("", "two")]),
    "lone CR": (b"data: one\r\rdata: two\r\r", [Event("", "one"), Event("", "two")]),
    "mixed line ends": (b"data: a\r\ndata: b\rdata: c\n\r\n", [Event("", "a\nb\nc")]),
    "BOM": (b"\xef\xbb\xbfdata: one\n\n", [Event("", "one")]),
    "no space after the colon": (b"data:one\n\n", [Event("", "one")]),
    "only one space belongs to the colon": (b"data:  one\n\n", [Event("", " one")]),
    "several data lines": (b"data: one\ndata: two\n\n", [Event("", "one\ntwo")]),
    "empty data": (b"data\n\ndata:\n\n", [Event("", ""), Event("", "")]),
    "named event": (b"event: error\ndata: x\n\ndata: y\n\n", [Event("error", "x"), Event("", "y")]),
    "name without data": (b"event: ping\n\ndata: y\n\n", [Event("", "y")]),
    "comments": (b": hello\n:\n\ndata: one\n: in between\n\n", [Event("", "one")]),
    "ids, retries and unknown fields": (
        b"id: 7\nretry: 9\nfoo: x\ndata: one\n\n",
        [Event("", "one")],
    ),
    "blank lines": (b"\n\n\r\n\rdata: one\n\n\n\n", [Event("", "one")]),
    "no final blank line": (b"data: one\n", [Event("", "one")]),
    "no final newline": (b"data: one\n\ndata: [DONE]", [Event("", "one"), Event("", "[DONE]")]),
    "characters of several bytes": ("data: Zoë 🦊\n\n".encode(), [Event("", "Zoë 🦊")]),
    "separators that are no line ends": (
        "data: a\x0bb\x0cc\x1cd\u2028e\x85f\n\n".encode(),
        [Event("", "a\x0bb\x0cc\x1cd\u2028e\x85f")],
    ),
    "bytes that are not UTF-8": (b"data: a\xffb\n\n", [Event("", "a\ufffdb")]),
    "nothing": (b"", []),
}


def events_of(*chunks: bytes) -> list[Event]:
    parser = EventParser()
    fed = [event for chunk in chunks for event in parser.feed(chunk)]
    return fed + parser.flush()


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_a_body_in_one_piece(body, events):
    assert events_of(body) == events


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_a_body_cut_in_two_at_every_point(body, events):
    for point in range(len(body) + 1):
        assert events_of(body[:point], body[point:]) == events, point


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_a_body_byte_by_byte(body, events):
    assert events_of(*(bytes([byte]) for byte in body)) == events


@pytest.mark.parametrize("seed", range(20))
def test_all_bodies_together_in_random_pieces(seed):
    chance = random.Random(seed)
    body = b"\n\n".join(body for body, _ in CASES.values() if not body.startswith(b"\xef"))
    points = sorted(chance.sample(range(len(body)), 40))
    pieces = [body[begin:end] for begin, end in zip([0, *points], [*points, None], strict=True)]

    assert events_of(*pieces) == events_of(body)


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_mean_the_same_however_they_are_cut(chunks):
    assert events_of(*chunks) == events_of(b"".join(chunks))


def test_an_event_is_returned_by_the_byte_that_completes_it():
    parser = EventParser()

    assert parser.feed(b"data: one\n") == []
    assert parser.feed(b"\n") == [Event("", "one")]
    assert parser.feed(b"data: two\r") == []
    assert parser.feed(b"\r") == [Event("", "two")]


def test_a_line_over_the_bound_is_not_kept(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = EventParser()

    assert parser.feed(b"data: before\n\n") == [Event("", "before")]
    assert not parser.has_overflowed
    for _ in range(5):
        assert parser.feed(b"data: " + b"x" * 30) == []
    assert parser.has_overflowed
    assert parser.feed(b"\n\ndata: after\n\n") == []
    assert parser.flush() == []


def test_an_event_of_many_lines_is_bounded_as_a_whole(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = EventParser()

    for _ in range(10):
        parser.feed(b"data: " + b"x" * 30 + b"\n")

    assert parser.has_overflowed


def test_events_before_the_overflow_are_returned(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = EventParser()

    assert parser.feed(b"data: one\n\ndata: " + b"x" * 200) == [Event("", "one")]
    assert parser.has_overflowed


def test_a_long_line_in_small_pieces_takes_no_longer_than_it_is_long():
    parser = EventParser()
    parser.feed(b"data: ")
    for _ in range(200_000):
        parser.feed(b"x" * 30)

    assert [len(event.data) for event in parser.feed(b"\n\n")] == [6_000_000]


def test_other_text_is_told_from_an_event_stream():
    other, stream = EventParser(), EventParser()
    other.feed(b"upstream connect error\nreset reason: overflow\n")
    stream.feed(b": keep-alive\n\n")

    assert (other.has_fields, other.has_stray_text) == (False, True)
    assert (stream.has_fields, stream.has_stray_text) == (True, False)
