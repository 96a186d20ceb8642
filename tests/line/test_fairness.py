"""Who goes and who waits, whatever the line: properties, and lines that run on for a while."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.line import Reason
from conversations.line.decide import (
    Bounds,
    ModelLimit,
    Situation,
    decide,
    fair_order,
)
from tests.line.kit import (
    ALICE,
    BOB,
    BOUNDS,
    CLOSED,
    MOMENTS,
    NOW,
    gone,
    lines,
    places,
    situations,
    steady,
    waiting,
)


@steady
@given(lines(deadlines=MOMENTS, lost=st.booleans()), situations(), BOUNDS)
def test_everybody_goes_or_waits_or_need_not_and_nobody_two_of_these(line, situation, bounds):
    decision = decide(line, situation, bounds)

    answered = [*(each.id for each in decision.go), *decision.waits, *decision.too_late]
    assert sorted(answered) == sorted(each.id for each in line)


@steady
@given(lines(deadlines=MOMENTS), situations(), BOUNDS)
def test_nobody_waits_for_a_limit_of_the_provider_past_its_own_time(line, situation, bounds):
    """But for those behind one that is called before them."""
    decision = decide(line, situation, bounds)

    by_id = {each.id: each for each in line}
    assert all(until > by_id[one].deadline for one, until in decision.too_late.items())
    held_up = {wait.until for one, wait in decision.waits.items() if _is_in_time(by_id[one], wait)}
    for one, wait in decision.waits.items():
        if wait.reason == Reason.PROVIDER_LIMIT and not _is_in_time(by_id[one], wait):
            assert wait.until in held_up


@steady
@given(lines(lost=st.booleans()), situations(), BOUNDS, st.booleans())
def test_of_those_who_were_lost_one_goes_at_a_time(line, situation, bounds, is_trying_lost):
    here = replace(situation, is_trying_lost=is_trying_lost)

    go = gone(decide(line, here, bounds))

    assert sum(each.was_lost for each in go) <= (0 if is_trying_lost else 1)


@steady
@given(lines(), situations(), BOUNDS)
def test_places_are_one_two_three_without_holes(line, situation, bounds):
    waits = decide(line, situation, bounds).waits.values()

    counted = [wait.place for wait in waits if wait.reason == Reason.LINE]
    assert sorted(counted) == list(range(1, len(counted) + 1))
    assert all(wait.place is None for wait in waits if wait.reason != Reason.LINE)


@steady
@given(lines(), situations(), BOUNDS, st.randoms())
def test_the_order_in_which_rows_are_read_does_not_matter(line, situation, bounds, chance):
    shuffled = list(line)
    chance.shuffle(shuffled)

    assert decide(shuffled, situation, bounds) == decide(line, situation, bounds)


@steady
@given(lines(), situations(), BOUNDS)
def test_nobody_goes_past_a_limit(line, situation, bounds):
    go = gone(decide(line, situation, bounds))

    if not go:
        return
    assert situation.calls + len(go) <= bounds.calls
    assert not bounds.requests or situation.requests + len(go) <= bounds.requests
    own = Counter(each.owner for each in go)
    assert all(situation.running.get(one, 0) + own[one] <= bounds.per_person for one in own)
    tokens = situation.tokens + sum(each.expected_tokens for each in go)
    is_alone = not situation.tokens and not sum(each.expected_tokens for each in go[:-1])
    assert not bounds.tokens or tokens <= bounds.tokens or is_alone


@steady
@given(lines(), situations(circuits=CLOSED), BOUNDS)
def test_nobody_goes_past_what_the_provider_has_left(line, situation, bounds):
    go = gone(decide(line, situation, bounds))

    for model, told in situation.by_model.items():
        mine = [each for each in go if each.model == model and not _would_not_wait(each)]
        if told.requests_left is not None and _is_ahead(told.requests_reset_at):
            assert len(mine) <= max(told.requests_left, 0)
        is_even = told.tokens_limit is not None
        if told.tokens_left is not None and _is_ahead(told.tokens_reset_at) and not is_even:
            assert sum(each.expected_tokens for each in mine) <= max(told.tokens_left, 0)


@steady
@given(lines(), situations(), BOUNDS)
def test_nobody_is_called_before_its_moment(line, situation, bounds):
    decision = decide(line, situation, bounds)

    assert not any(_is_ahead(each.not_before) for each in decision.go)
    assert all(_is_ahead(wait.until) for wait in decision.waits.values() if wait.until)


@steady
@given(lines(), situations(), BOUNDS)
def test_an_open_circuit_lets_one_through_at_most(line, situation, bounds):
    decision = decide(line, situation, bounds)

    if situation.circuit.is_open:
        assert [each.id for each in decision.go] == ([decision.probe] if decision.probe else [])
        if situation.circuit.is_probing or _is_ahead(situation.circuit.until):
            assert decision.go == ()
    else:
        assert decision.probe is None


@steady
@given(lines(moments=st.none()), situations(circuits=CLOSED, limits=st.nothing()), BOUNDS)
def test_only_ones_own_answers_under_way_are_a_reason_to_be_passed(line, situation, bounds):
    """Who waits for others while somebody behind goes, has as many under way as one may."""
    decision = decide(line, replace(situation, by_model={}), bounds)
    order = fair_order(line, situation)
    went = set(decision.go)

    last = max((index for index, each in enumerate(order) if each in went), default=0)
    own = Counter(situation.running) + Counter(each.owner for each in went)
    passed = [each for each in order[:last] if each not in went]
    assert all(own[each.owner] >= bounds.per_person for each in passed)


@steady
@given(lines(moments=st.none(), tokens=st.just(0)), st.integers(0, 5), st.integers(1, 9))
def test_who_goes_next_had_the_first_places(line, calls, more):
    before = decide(line, Situation(NOW), Bounds(calls, 99))
    left = [each for each in line if each not in set(before.go)]
    under_way = Counter(each.owner for each in before.go)

    then = decide(left, Situation(NOW, under_way, calls=calls), Bounds(calls + more, 99))

    assert [each.id for each in then.go] == places(before)[:more]
    assert places(then) == places(before)[more:]


@steady
@given(lines(most=20), situations())
def test_ones_first_comes_before_anybodys_second(line, situation):
    order = fair_order(line, situation)

    for index, each in enumerate(order):
        before = [other.owner for other in order[:index]]
        if not situation.running.get(each.owner) and each.owner not in before:
            assert not any(situation.running.get(other) for other in before)
            assert len(set(before)) == len(before)


@steady
@given(lines(most=20), situations())
def test_ones_own_messages_keep_their_order(line, situation):
    order = fair_order(line, situation)

    for owner in {each.owner for each in line}:
        came = [each.queued_at for each in order if each.owner == owner]
        assert came == sorted(came)


@steady
@given(st.integers(1, 8), st.integers(0, 30), st.integers(1, 5))
def test_bobs_first_is_delayed_by_no_more_than_the_slots(slots, alices, per_person):
    """However many Alice sent before: the slots that are taken when he comes, and no further."""
    bounds = Bounds(slots, per_person)
    line = [waiting(ALICE, at) for at in range(alices)]
    under_way = list(decide(line, Situation(NOW), bounds).go)
    bob = waiting(BOB, 59)
    line = [each for each in line if each not in under_way] + [bob]
    served = {each.owner: NOW for each in under_way}

    before_bob = 0
    while bob in line:
        running = Counter(each.owner for each in under_way)
        now = Situation(NOW, running, served, calls=len(under_way))
        go = gone(decide(line, now, bounds))
        before_bob += sum(each != bob for each in go)
        line = [each for each in line if each not in go]
        under_way = [*under_way, *go][1:]

    assert before_bob == 0


# --- lines that run on: one comes each second, each call takes a while ------------------------


class Site:
    """A line that goes on for minutes, one look a second; `limit` is a provider's, that refills."""

    def __init__(self, bounds, limit=None, seconds_of_a_call=2):
        self.bounds, self.limit, self.seconds_of_a_call = bounds, limit, seconds_of_a_call
        self.line, self.under_way, self.made, self.served = [], [], [], {}
        self.second, self.left = 0, limit

    def look(self):
        now = NOW + timedelta(seconds=self.second)
        self.under_way = [(end, one) for end, one in self.under_way if end > self.second]
        minute = [one for at, one in self.made if at > self.second - 60]
        running = Counter(one.owner for _, one in self.under_way)
        situation = Situation(
            now,
            running,
            self.served,
            calls=len(self.under_way),
            requests=len(minute),
            tokens=sum(one.expected_tokens for one in minute),
            by_model={"m": self._told(now)} if self.limit else {},
        )
        for one in decide(self.line, situation, self.bounds).go:
            self.line.remove(one)
            self.served[one.owner] = now
            self.under_way.append((self.second + self.seconds_of_a_call, one))
            self.made.append((self.second, one))
            if self.limit:
                self.left -= one.expected_tokens
        self.second += 1

    def _told(self, now):
        """A bucket that is full after a minute."""
        self.left = min(self.limit, self.left + self.limit / 60)
        seconds = 60 * (self.limit - self.left) / self.limit
        return ModelLimit(
            tokens_limit=self.limit,
            tokens_left=int(self.left),
            tokens_reset_at=now + timedelta(seconds=seconds),
        )

    def came(self, owner, tokens=0):
        one = waiting(owner, 60 + self.second + owner / 100, tokens)
        self.line.append(one)
        return one

    def seconds_until_called(self, one, most):
        came = self.second
        while one in self.line:
            assert self.second - came < most, f"{one} starves"
            self.busy_second()
        return self.second - came

    def busy_second(self):
        """Three people never stop writing; each has two in line at all times."""
        for owner in (2, 3, 4):
            if sum(one.owner == owner for one in self.line) < 2:
                self.came(owner, 100)
        self.look()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4), st.integers(0, 9))
def test_nobody_starves_for_calls_at_once(calls, per_person, seconds_of_a_call, before):
    site = Site(Bounds(calls, per_person), seconds_of_a_call=seconds_of_a_call)
    for _ in range(30):
        site.busy_second()
    mine = [site.came(ALICE) for _ in range(before + 1)]

    # Each of mine may be passed by as many as there are others, and each call takes its time.
    assert site.seconds_until_called(mine[-1], 60 + len(mine) * 4 * seconds_of_a_call)


def test_a_long_prompt_does_not_starve_for_tokens_of_a_minute():
    site = Site(Bounds(99, 99, tokens=3000))
    for _ in range(60):
        site.busy_second()

    assert site.seconds_until_called(site.came(ALICE, 2900), 130)


def test_one_past_the_sites_tokens_of_a_minute_does_not_starve():
    site = Site(Bounds(99, 99, tokens=3000))
    for _ in range(60):
        site.busy_second()

    assert site.seconds_until_called(site.came(ALICE, 5000), 130)


def test_a_long_prompt_does_not_starve_for_the_providers_tokens():
    site = Site(Bounds(99, 99), limit=3000)
    for _ in range(60):
        site.busy_second()

    assert site.seconds_until_called(site.came(ALICE, 2900), 130)


def _would_not_wait(each):
    """It is let go to see whether the provider's limit still holds."""
    return each.code == "rate_limit" and each.not_before is None


def _is_in_time(each, wait):
    return each.deadline is None or wait.until is None or wait.until <= each.deadline


def _is_ahead(moment):
    return moment is not None and moment > NOW
