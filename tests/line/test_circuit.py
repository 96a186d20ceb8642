"""What failed calls in a row mean: by the numbers, and with the gate's row."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations import line
from conversations.errors import RateLimited, ServerFailed
from conversations.line.circuit import Breaker
from conversations.line.situation import situation
from conversations.line.store import hold_gate
from conversations.models import Gate, ProviderLimit
from tests.line.kit import steady

BREAKER = Breaker(failures=5, first=5, cap=60)

# Failures in a row, and the seconds for which nothing is called after the last.
SECONDS = {0: 0, 1: 0, 4: 0, 5: 5, 6: 10, 7: 20, 8: 40, 9: 60, 10: 60, 100: 60, 10**9: 60}


@pytest.mark.parametrize(("failures", "seconds"), SECONDS.items())
def test_it_opens_after_so_many_in_a_row_and_for_longer_each_time(failures, seconds):
    assert BREAKER.seconds_open(failures) == seconds
    assert BREAKER.is_open(failures) == (failures >= 5)


def test_one_failure_may_be_enough():
    assert Breaker(failures=1, first=2, cap=60).seconds_open(1) == 2


@steady
@given(
    st.builds(Breaker, st.integers(1, 100), st.floats(0.01, 1000), st.floats(0.01, 1000)),
    st.integers(0, 10_000),
)
def test_it_never_opens_for_longer_than_its_cap_nor_shorter_than_before(breaker, failures):
    seconds = breaker.seconds_open(failures)

    assert 0 <= seconds <= breaker.cap
    assert seconds <= breaker.seconds_open(failures + 1)
    assert bool(seconds) == breaker.is_open(failures)


# --- with the gate's row ----------------------------------------------------------------------


@pytest.fixture
def three(settings, transactional_db):
    settings.CIRCUIT_FAILURES = 3
    settings.CIRCUIT_SECONDS = 1000
    settings.CIRCUIT_CAP_SECONDS = 2500
    settings.RETRY_SECONDS = 60


def fail(times=1):
    for _ in range(times):
        line.note_failure("m", ServerFailed("500"))


def seconds_left():
    gate = Gate.objects.get()
    return gate.open_until and round((gate.open_until - timezone.now()).total_seconds())


def pass_the_time():
    Gate.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def circuit():
    from django.db import transaction

    with transaction.atomic():
        return situation(*hold_gate()).circuit


def test_the_third_failure_in_a_row_opens_it(three):
    fail(2)
    assert (circuit().is_open, seconds_left()) == (False, None)

    fail()
    assert circuit().is_open
    assert 900 < seconds_left() <= 1000


def test_a_good_call_between_begins_the_count_anew(three):
    fail(2)
    line.note_success("gpt-4o-mini")
    fail(2)

    assert not circuit().is_open


def test_those_that_were_under_way_when_it_opened_say_nothing_new(three):
    fail(3)
    fail(7)

    assert Gate.objects.get().failures == 3
    assert 900 < seconds_left() <= 1000


def test_each_probe_that_fails_doubles_the_time_up_to_the_cap(three):
    fail(3)
    waits = []
    for _ in range(3):
        pass_the_time()
        fail()
        waits.append(seconds_left())

    longest = zip(waits, (2000, 2500, 2500), strict=True)
    assert all(most - 100 < each <= most for each, most in longest)


def test_a_probe_that_succeeds_closes_it(three):
    fail(3)
    pass_the_time()
    Gate.objects.update(probe=uuid.uuid4())

    line.note_success("gpt-4o-mini")

    gate = Gate.objects.get()
    assert (gate.failures, gate.open_until, gate.probe) == (0, None, None)


def test_a_probe_whose_process_is_gone_holds_up_nobody(three):
    fail(3)
    pass_the_time()
    Gate.objects.update(probe=uuid.uuid4())

    assert (circuit().is_open, circuit().is_probing) == (True, False)


def test_a_rate_limit_blocks_its_model_and_does_not_count_as_a_failure(three):
    for _ in range(5):
        line.note_failure("m", RateLimited(retry_after=30))

    assert Gate.objects.get().failures == 0
    [limit] = ProviderLimit.objects.all()
    assert (limit.model, limit.blocked_until > timezone.now()) == ("m", True)


@pytest.mark.parametrize("asked", [None, 0.0, 61.0, 86_400.0])
def test_a_rate_limit_that_nobody_waits_for_blocks_nothing(three, asked):
    line.note_failure("m", RateLimited(retry_after=asked))

    assert not ProviderLimit.objects.exists()
