"""A person's messages of a minute: a window that slides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.line.allowance import WINDOW, recent, seconds_to_wait
from tests.line.kit import steady

NOW = 1_800_000_000.0

# Seconds ago that messages were sent, how many a minute: how long until the next, in seconds.
WAITS = {
    "none yet": ([], 3, 0),
    "fewer than that": ([1, 2], 3, 0),
    "as many": ([50, 30, 10], 3, 10),
    "all at once": ([0, 0, 0], 3, 60),
    "one has just left the minute": ([60, 30, 10], 3, 0),
    "one leaves it right away": ([59.5, 30, 10], 3, 0.5),
    "more than that, since the setting was lowered": ([50, 40, 30, 20, 10], 3, 30),
    "one a minute": ([15], 1, 45),
    "old ones do not count": ([1000, 900, 61, 10], 3, 0),
    "in any order": ([10, 50, 30], 3, 10),
    "a clock that was ahead": ([-5, -4, -3], 3, 0),
}


@pytest.mark.parametrize(("ago", "most", "wait"), WAITS.values(), ids=WAITS)
def test_how_long_until_the_next(ago, most, wait):
    moments = [NOW - seconds for seconds in ago]

    assert seconds_to_wait(moments, NOW, most) == wait


def test_what_is_kept_is_the_last_minute():
    assert recent([NOW - 61, NOW - 60, NOW - 59, NOW, NOW + 1], NOW) == [NOW - 59, NOW]


# Sixteenths of a second: they are added and subtracted without rounding.
SECONDS = st.integers(0, 200 * 16).map(lambda sixteenths: sixteenths / 16)


@steady
@given(st.lists(SECONDS, max_size=40), st.integers(1, 10))
def test_in_no_minute_are_more_sent_than_allowed(gaps, most):
    """Whoever sends as soon as it is allowed, and whoever tries before that."""
    sent, now = [], NOW
    for gap in gaps:
        now += gap / 10
        if seconds_to_wait(sent, now, most) == 0:
            sent.append(now)

    for first in sent:
        assert sum(first <= moment < first + WINDOW for moment in sent) <= most


@steady
@given(st.lists(SECONDS, max_size=20), st.integers(1, 10))
def test_the_wait_is_exact(ago, most):
    moments = [NOW - seconds for seconds in ago]
    wait = seconds_to_wait(moments, NOW, most)

    assert 0 <= wait <= WINDOW
    assert seconds_to_wait(moments, NOW + wait, most) == 0
    if wait:
        assert seconds_to_wait(moments, NOW + wait - 1 / 32, most) > 0


@steady
@given(st.lists(SECONDS, max_size=20), st.integers(1, 10))
def test_forgetting_what_is_old_changes_nothing(ago, most):
    moments = [NOW - seconds for seconds in ago]

    assert seconds_to_wait(recent(moments, NOW), NOW, most) == seconds_to_wait(moments, NOW, most)
