"""Lines, situations and bounds for tests of the pure functions, by hand and by Hypothesis."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from conversations.line import Reason
from conversations.line.decide import Bounds, Circuit, ModelLimit, Situation, Waiting

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
LATER = NOW + timedelta(seconds=20)
EARLIER = NOW - timedelta(seconds=20)
ROOMY = Bounds(calls=1000, per_person=1000)

ALICE, BOB, CLARA = 1, 2, 3

# A busy machine makes no example wrong.
steady = settings(deadline=None)


def waiting(owner, at, tokens=0, *, model="m", not_before=None, code="", **more):
    """One that came `at` seconds after a minute ago; its id says whose and when."""
    queued_at = NOW - timedelta(seconds=60 - at)
    name = uuid.UUID(int=owner * 2**64 + int(at * 1000))
    return Waiting(name, owner, model, queued_at, tokens, not_before, code, **more)


def gone(decision):
    return list(decision.go)


def places(decision):
    """The ids of those who wait for others, in the order of their places."""
    found = {one: wait.place for one, wait in decision.waits.items() if wait.reason == Reason.LINE}
    return sorted(found, key=found.__getitem__)


OWNERS = st.integers(1, 4)
MOMENTS = st.none() | st.integers(-30, 30).map(lambda seconds: NOW + timedelta(seconds=seconds))


NONE, NOBODY = st.none(), st.just(False)


@st.composite
def lines(draw, most=14, tokens=None, moments=MOMENTS, deadlines=NONE, lost=NOBODY):
    """Messages of four people; no two came at the same millisecond."""
    came = draw(st.lists(st.integers(0, 59_000), unique=True, max_size=most))
    return [
        waiting(
            draw(OWNERS),
            at / 1000,
            draw(st.integers(0, 500) if tokens is None else tokens),
            model=draw(st.sampled_from("ab")),
            not_before=draw(moments),
            code=draw(st.sampled_from(["", "server", "rate_limit"])),
            deadline=draw(deadlines),
            was_lost=draw(lost),
        )
        for at in came
    ]


LIMITS = st.builds(
    ModelLimit,
    requests_left=st.none() | st.integers(-2, 5),
    requests_reset_at=MOMENTS,
    tokens_limit=st.none() | st.integers(1, 2000),
    tokens_left=st.none() | st.integers(-500, 2000),
    tokens_reset_at=MOMENTS,
    blocked_until=MOMENTS,
)
CIRCUITS = st.builds(Circuit, st.booleans(), MOMENTS, st.booleans())
CLOSED = st.just(Circuit())


@st.composite
def situations(draw, circuits=CIRCUITS, limits=LIMITS):
    running = draw(st.dictionaries(OWNERS, st.integers(1, 4)))
    return Situation(
        now=NOW,
        running=running,
        served=draw(st.dictionaries(OWNERS, st.just(NOW) | st.just(EARLIER))),
        calls=sum(running.values()) + draw(st.integers(0, 2)),
        requests=draw(st.integers(0, 10)),
        tokens=draw(st.integers(0, 2000)),
        circuit=draw(circuits),
        by_model=draw(st.dictionaries(st.sampled_from("ab"), limits)),
    )


BOUNDS = st.builds(
    Bounds,
    calls=st.integers(0, 12),
    per_person=st.integers(1, 5),
    requests=st.just(0) | st.integers(1, 15),
    tokens=st.just(0) | st.integers(1, 3000),
)
