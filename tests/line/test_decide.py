"""Who goes and who waits: by hand, as tables."""

from datetime import timedelta

import pytest

from conversations.line import Reason, Wait
from conversations.line.decide import Bounds, Circuit, ModelLimit, Situation, decide, fair_order
from tests.line.kit import (
    ALICE,
    BOB,
    CLARA,
    EARLIER,
    LATER,
    NOW,
    ROOMY,
    gone,
    places,
    waiting,
)


def test_nobody_waits_while_there_is_room():
    line = [waiting(ALICE, 1), waiting(BOB, 2)]

    decision = decide(line, Situation(NOW), ROOMY)

    assert (gone(decision), decision.waits, decision.probe) == (line, {}, None)


def test_an_empty_line():
    decision = decide([], Situation(NOW), ROOMY)

    assert (gone(decision), decision.waits) == ([], {})


def test_ten_messages_of_one_delay_nobodys_first():
    alices = [waiting(ALICE, at) for at in range(10)]
    bob, clara = waiting(BOB, 20), waiting(CLARA, 30)

    order = fair_order([*alices, clara, bob], Situation(NOW))

    assert order == [alices[0], bob, clara, *alices[1:]]


def test_who_has_answers_under_way_comes_after_who_has_none():
    line = [waiting(ALICE, 1), waiting(BOB, 2), waiting(CLARA, 3)]

    order = fair_order(line, Situation(NOW, {ALICE: 2, BOB: 1}))

    assert [each.owner for each in order] == [CLARA, BOB, ALICE]


def test_of_equal_rank_the_first_who_came_is_first():
    line = [waiting(ALICE, 3), waiting(BOB, 1), waiting(CLARA, 2)]

    order = fair_order(line, Situation(NOW))

    assert [each.owner for each in order] == [BOB, CLARA, ALICE]


def test_of_equal_rank_whoever_was_served_longest_ago_is_first():
    line = [waiting(ALICE, 1), waiting(BOB, 2), waiting(CLARA, 3)]

    order = fair_order(line, Situation(NOW, served={ALICE: NOW, BOB: EARLIER}))

    assert [each.owner for each in order] == [CLARA, BOB, ALICE]


def test_past_the_calls_at_once_they_wait_with_their_places():
    line = [waiting(ALICE, 1), waiting(BOB, 2), waiting(CLARA, 3)]

    decision = decide(line, Situation(NOW, {ALICE: 1}, calls=1), Bounds(calls=2, per_person=9))

    assert gone(decision) == [line[1]]
    assert decision.waits == {
        line[2].id: Wait(Reason.LINE, 1),
        line[0].id: Wait(Reason.LINE, 2),
    }


def test_past_ones_own_answers_at_once_one_waits_and_the_others_go():
    line = [waiting(ALICE, 1), waiting(ALICE, 2), waiting(ALICE, 3), waiting(BOB, 4)]

    decision = decide(line, Situation(NOW), Bounds(calls=9, per_person=2))

    assert gone(decision) == [line[0], line[3], line[1]]
    assert places(decision) == [line[2].id]


REQUESTS = {
    "none left": (5, 5, 0),
    "one left": (4, 5, 1),
    "more than that": (7, 5, 0),
    "no limit": (1_000, 0, 3),
}


@pytest.mark.parametrize(("made", "most", "go"), REQUESTS.values(), ids=REQUESTS)
def test_requests_of_a_minute(made, most, go):
    line = [waiting(ALICE, 1), waiting(BOB, 2), waiting(CLARA, 3)]

    decision = decide(line, Situation(NOW, requests=made), Bounds(99, 99, requests=most))

    assert gone(decision) == line[:go]
    assert places(decision) == [each.id for each in line[go:]]


# Tokens of the last minute, the limit, and what those in line may take: how many of them go.
TOKENS = {
    "all fit": (0, 1000, [400, 600], 2),
    "one fits": (0, 1000, [400, 601], 1),
    "a small one does not pass a large one": (500, 1000, [600, 10], 0),
    "larger than the limit goes alone": (0, 1000, [5000, 10], 1),
    "larger than the limit waits for the others": (1, 1000, [5000, 10], 0),
    "exactly the limit": (400, 1000, [600], 1),
    "no limit": (10**9, 0, [10**9, 10**9], 2),
}


@pytest.mark.parametrize(("took", "most", "asked", "go"), TOKENS.values(), ids=TOKENS)
def test_tokens_of_a_minute(took, most, asked, go):
    line = [waiting(owner, owner, tokens) for owner, tokens in enumerate(asked, 1)]

    decision = decide(line, Situation(NOW, tokens=took), Bounds(99, 99, tokens=most))

    assert gone(decision) == line[:go]
    assert places(decision) == [each.id for each in line[go:]]


def test_who_waits_for_another_try_has_its_moment_and_takes_no_place():
    again = waiting(ALICE, 1, not_before=LATER, code="server")
    line = [again, waiting(BOB, 2), waiting(CLARA, 3)]

    decision = decide(line, Situation(NOW), Bounds(calls=1, per_person=9))

    assert gone(decision) == [line[1]]
    assert decision.waits == {
        again.id: Wait(Reason.RETRY, until=LATER, code="server"),
        line[2].id: Wait(Reason.LINE, 1),
    }


def test_when_its_moment_has_come_it_goes():
    again = waiting(ALICE, 1, not_before=NOW, code="server")

    assert gone(decide([again], Situation(NOW), ROOMY)) == [again]


# The circuit, and what two in line get.
OPEN = {
    "open until later": (Circuit(True, LATER), [], Wait(Reason.CIRCUIT, until=LATER)),
    "open, and somebody tries": (Circuit(True, EARLIER, True), [], Wait(Reason.CIRCUIT)),
    "its moment has come": (Circuit(True, EARLIER), [0], Wait(Reason.CIRCUIT)),
    "its moment is now": (Circuit(True, NOW), [0], Wait(Reason.CIRCUIT)),
    "without a moment": (Circuit(True), [0], Wait(Reason.CIRCUIT)),
}


@pytest.mark.parametrize(("circuit", "go", "wait"), OPEN.values(), ids=OPEN)
def test_while_the_provider_keeps_failing_at_most_one_tries_it_out(circuit, go, wait):
    line = [waiting(ALICE, 1), waiting(BOB, 2)]

    decision = decide(line, Situation(NOW, circuit=circuit), ROOMY)

    assert gone(decision) == [line[index] for index in go]
    assert decision.probe == (line[0].id if go else None)
    assert decision.waits[line[1].id] == wait


def test_a_longer_wait_of_its_own_is_said_before_the_circuits():
    later = NOW + timedelta(minutes=5)
    own = waiting(ALICE, 1, not_before=later, code="server")

    decision = decide([own], Situation(NOW, circuit=Circuit(True, LATER)), ROOMY)

    assert decision.waits == {own.id: Wait(Reason.RETRY, until=later, code="server")}


IN_30 = NOW + timedelta(seconds=30)
# What the provider told, and until when a call of 100 tokens waits; None: it goes.
TOLD = {
    "nothing": (ModelLimit(), None),
    "requests left": (ModelLimit(requests_left=1, requests_reset_at=IN_30), None),
    "no request left": (ModelLimit(requests_left=0, requests_reset_at=IN_30), IN_30),
    "fewer than none": (ModelLimit(requests_left=-3, requests_reset_at=IN_30), IN_30),
    "no request left, and the reset is over": (
        ModelLimit(requests_left=0, requests_reset_at=EARLIER),
        None,
    ),
    "no request left, without a reset": (ModelLimit(requests_left=0), None),
    "tokens enough": (ModelLimit(tokens_left=100, tokens_reset_at=IN_30), None),
    "tokens too few": (ModelLimit(tokens_left=99, tokens_reset_at=IN_30), IN_30),
    "tokens come back evenly": (
        ModelLimit(
            tokens_limit=210,
            tokens_left=10,
            tokens_reset_at=NOW + timedelta(seconds=20),
            told_at=NOW,
        ),
        NOW + timedelta(seconds=9),
    ),
    "more than the limit waits until all are there": (
        ModelLimit(tokens_limit=50, tokens_left=10, tokens_reset_at=IN_30),
        IN_30,
    ),
    "blocked": (ModelLimit(blocked_until=LATER), LATER),
    "was blocked": (ModelLimit(blocked_until=EARLIER), None),
    "the latest of all": (
        ModelLimit(0, IN_30, None, 0, LATER, NOW + timedelta(seconds=10)),
        IN_30,
    ),
}


@pytest.mark.parametrize(("told", "until"), TOLD.values(), ids=TOLD)
def test_what_the_provider_told_is_obeyed(told, until):
    one = waiting(ALICE, 1, 100)

    decision = decide([one], Situation(NOW, by_model={"m": told}), ROOMY)

    waits = {one.id: Wait(Reason.PROVIDER_LIMIT, until=until)} if until else {}
    assert (gone(decision), decision.waits) == ([] if until else [one], waits)


def test_who_would_wait_for_the_provider_past_ones_time_need_not_wait():
    early, late = IN_30 - timedelta(seconds=1), IN_30
    told = {"m": ModelLimit(requests_left=0, requests_reset_at=IN_30)}
    line = [waiting(ALICE, 1, deadline=early), waiting(BOB, 2, deadline=late)]

    decision = decide(line, Situation(NOW, by_model=told), ROOMY)

    assert decision.too_late == {line[0].id: IN_30}
    assert decision.waits == {line[1].id: Wait(Reason.PROVIDER_LIMIT, until=IN_30)}


def test_and_holds_nobody_up():
    """What is left is enough for the short one behind it."""
    long, short = waiting(ALICE, 1, 100, deadline=LATER), waiting(BOB, 2, 10, deadline=LATER)
    told = {"m": ModelLimit(tokens_left=10, tokens_reset_at=IN_30)}

    decision = decide([long, short], Situation(NOW, by_model=told), ROOMY)

    assert (gone(decision), decision.too_late) == ([short], {long.id: IN_30})


def test_who_would_not_wait_asks_past_ones_time_as_well():
    told = {"m": ModelLimit(blocked_until=IN_30)}
    one = waiting(ALICE, 1, code="rate_limit", deadline=LATER)

    assert gone(decide([one], Situation(NOW, by_model=told), ROOMY)) == [one]


@pytest.mark.parametrize(
    ("circuit", "not_before", "reason"),
    [(Circuit(True, IN_30), None, Reason.CIRCUIT), (Circuit(), IN_30, Reason.RETRY)],
)
def test_only_the_providers_limits_are_known_so_far_ahead(circuit, not_before, reason):
    one = waiting(ALICE, 1, not_before=not_before, code="server", deadline=LATER)

    decision = decide([one], Situation(NOW, circuit=circuit), ROOMY)

    assert (decision.waits[one.id].reason, decision.too_late) == (reason, {})


def test_the_limit_of_one_model_holds_up_no_other():
    line = [waiting(ALICE, 1, model="a"), waiting(BOB, 2, model="b")]
    told = {"a": ModelLimit(blocked_until=LATER)}

    assert gone(decide(line, Situation(NOW, by_model=told), ROOMY)) == [line[1]]


def test_each_that_goes_takes_from_what_the_provider_has_left():
    line = [waiting(owner, owner, 40) for owner in (ALICE, BOB, CLARA)]
    told = {"m": ModelLimit(2, LATER, None, 100, IN_30)}

    decision = decide(line, Situation(NOW, by_model=told), ROOMY)

    assert gone(decision) == line[:2]
    assert decision.waits == {line[2].id: Wait(Reason.PROVIDER_LIMIT, until=IN_30)}


def test_the_moment_that_was_said_does_not_move_away():
    """While nobody calls, the provider tells nothing new, and its tokens come back all the same."""
    one = waiting(ALICE, 1, 100)
    reset = NOW + timedelta(seconds=20)
    told = ModelLimit(tokens_limit=210, tokens_left=10, tokens_reset_at=reset, told_at=NOW)
    said = decide([one], Situation(NOW, by_model={"m": told}), ROOMY).waits[one.id].until

    then = decide([one], Situation(said, by_model={"m": told}), ROOMY)

    assert gone(then) == [one]
