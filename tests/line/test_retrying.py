"""Whether and when a failed call is made again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.line import Policy, wait_before_retry
from tests.line.kit import steady

POLICY = Policy(total=120, base=1, cap=30)


def wait(attempts=1, spent=0.0, retry_after=None, drawn=1.0, policy=POLICY):
    return wait_before_retry(policy, attempts, spent, retry_after, lambda: drawn)


# After so many attempts the longest wait is, in seconds:
LONGEST = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 30, 7: 30, 60: 30, 1_000: 30, 10**9: 30}


@pytest.mark.parametrize(("attempts", "longest"), LONGEST.items())
def test_the_bound_doubles_up_to_its_cap(attempts, longest):
    assert wait(attempts) == longest
    assert wait(attempts, drawn=0.5) == longest / 2
    assert wait(attempts, drawn=0.0) == 0


def test_before_any_attempt_is_counted_it_is_the_base():
    assert wait(attempts=0) == 1


# What the provider asked for, and the shortest and longest wait.
ASKED = {
    "nothing": (None, 0, 4),
    "no wait at all": (0.0, 0, 1),
    "a second": (1.0, 1, 2),
    "more than we would wait": (60.0, 60, 61),
    "milliseconds": (0.02, 0.02, 1.02),
}


@pytest.mark.parametrize(("asked", "shortest", "longest"), ASKED.values(), ids=ASKED)
def test_what_the_provider_asked_for_is_the_least(asked, shortest, longest):
    assert wait(3, retry_after=asked, drawn=0.0) == shortest
    assert wait(3, retry_after=asked, drawn=1.0) == longest


# Seconds that it has taken, what was asked for, the draw: whether it is tried again.
IN_TIME = {
    "at once": (0, None, 1.0, True),
    "just in time": (118.9, None, 1.0, True),
    "exactly at the end": (119, None, 1.0, False),
    "by luck": (119.5, None, 0.2, True),
    "too late": (120, None, 0.0, False),
    "much too late": (10_000, None, 0.0, False),
    "asked for more than is left": (100, 20.0, 0.0, False),
    "asked for less than is left": (100, 19.0, 0.5, True),
    "asked for a day": (0, 86_400.0, 0.0, False),
    "asked for as long as there is": (0, 120.0, 0.0, False),
}


@pytest.mark.parametrize(("spent", "asked", "drawn", "again"), IN_TIME.values(), ids=IN_TIME)
def test_never_past_the_total_time(spent, asked, drawn, again):
    assert (wait(1, spent, asked, drawn) is not None) == again


def test_a_total_of_nought_means_never():
    assert wait(policy=Policy(0, 1, 30), drawn=0.0) is None


SECONDS = st.floats(0, 10_000)


@steady
@given(
    st.builds(Policy, SECONDS, st.floats(0.01, 100), st.floats(0.01, 1000)),
    st.integers(0, 10_000),
    SECONDS,
    st.none() | st.floats(0, 3e6),
    st.floats(0, 1),
)
def test_any_wait_is_within_its_bounds(policy, attempts, spent, asked, drawn):
    found = wait_before_retry(policy, attempts, spent, asked, lambda: drawn)

    if found is not None:
        assert spent + found < policy.total
        assert found >= (asked or 0)
        assert found <= (policy.cap if asked is None else asked + min(policy.base, policy.cap))


def test_the_jitter_is_full():
    """Those who failed together do not come back together: from nothing to the bound, evenly."""
    chance = random.Random(4)
    waits = [wait_before_retry(POLICY, 5, 0, None, chance.random) for _ in range(4_000)]

    tenths = [
        sum(low <= each < low + 1.6 for each in waits) for low in map((1.6).__mul__, range(10))
    ]
    assert min(tenths) > 300
    assert max(tenths) < 500


@steady
@given(st.integers(0, 2**32), st.none() | st.floats(0, 5))
def test_a_call_that_always_fails_ends_after_a_bounded_number_of_waits(seed, asked):
    chance = random.Random(seed)
    spent, attempts = 0.0, 1
    while (found := wait_before_retry(POLICY, attempts, spent, asked, chance.random)) is not None:
        spent, attempts = spent + found + 0.1, attempts + 1
        assert attempts < 1_000

    assert spent < POLICY.total + 0.1
