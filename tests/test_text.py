import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.text import duration, one_line, ordinal, roughly, sha256, storable
from tests.properties import modest

# Every character there is, lone surrogates included.
anything = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        ("Tea\r\nand\tmilk \u2028 \x1b[31m", "Tea\r\nand\tmilk \u2028 \x1b[31m"),
        ("naïve 👩‍👩‍👧 ﷺ", "naïve 👩‍👩‍👧 ﷺ"),
        ("a\x00b", "a\ufffdb"),
        ("\x00\x00", "\ufffd\ufffd"),
        ("a\ud83d", "a\ufffd"),
        ("\udc00\ud800", "\ufffd\ufffd"),
    ],
)
def test_only_what_no_database_can_hold_is_replaced(text, stored):
    assert storable(text) == stored


@modest
@given(anything)
def test_any_text_becomes_storable_and_keeps_its_length(text):
    stored = storable(text)

    assert len(stored) == len(text)
    assert "\x00" not in stored
    assert stored.encode().decode() == stored
    assert storable(stored) == stored


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("", 10, ""),
        ("Tea", 3, "Tea"),
        ("Tea!", 3, "Te…"),
        ("Tea time", 5, "Tea…"),
        ("Tea", 1, "…"),
        ("  Tea \n", 10, "Tea"),
        ("one\r\ntwo", 10, "one two"),
        ("one\n\n\n\ttwo", 10, "one two"),
        ("one\u2028two\u2029three", 20, "one two three"),
        ("one\x85two\x0bthree\x0cfour", 20, "one two three four"),
        ("\x1b[31mred", 20, "[31mred"),
        ("a\x7fb\x9bc", 20, "a b c"),
        ("a\x00b\ud800", 20, "a\ufffdb\ufffd"),
        ("two  blanks stay", 20, "two  blanks stay"),
    ],
)
def test_one_line_holds_a_text_within_its_limit(text, limit, line):
    assert one_line(text, limit) == line


@modest
@given(anything, st.integers(1, 50))
def test_any_text_becomes_one_safe_line(text, limit):
    line = one_line(text, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in line)


@pytest.mark.parametrize("text", ["", "Tea", "naïve 👩", "line\r\nline"])
def test_sha256_is_of_the_text_as_utf_8(text):
    assert sha256(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (102, "102nd"), (111, "111th"), (1000, "1,000th"), (1021, "1,021st")],
)  # fmt: skip
def test_a_place_in_line_is_an_english_ordinal(number, words):
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (65, "1 min 5 s"), (3600, "1 h"), (5400, "1 h 30 min"),
     (5459, "1 h 30 min"), (3_600_000, "1,000 h")],
)  # fmt: skip
def test_a_duration_is_short(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (0.4, "1 second"), (2, "2 seconds"), (70, "1 minute"), (600, "10 minutes"),
     (3600, "1 hour"), (86_400, "24 hours"), (172_800, "2 days"), (2_678_400, "31 days")],
)  # fmt: skip
def test_a_long_time_is_said_roughly(seconds, words):
    assert roughly(seconds) == words
