"""Who goes and who waits: decided from figures alone, the same for the page and for the call.

The order is fair by person: an answer's rank is how many of its person's answers are written or
stand in line before it; of equal rank the one is first whose person was served longest ago, and
then the one that came first. So ten messages of one person delay nobody's first.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from conversations.errors import RateLimited

from .waits import Reason, Wait


@dataclass(frozen=True)
class Waiting:
    """An answer in line. `expected_tokens` is the most that its call may take.

    Past `deadline` it is given up. `was_lost`: it was let go before, and whoever had it died or
    hung before the call.
    """

    id: uuid.UUID
    owner: int
    model: str
    queued_at: datetime
    expected_tokens: int = 0
    not_before: datetime | None = None
    code: str = ""
    deadline: datetime | None = None
    was_lost: bool = False

    @property
    def would_not_wait(self) -> bool:
        """Its person pressed Try now: it asks whether the provider's limit still holds."""
        return self.not_before is None and self.code == RateLimited.code


@dataclass(frozen=True)
class ModelLimit:
    """What the provider told of a model's limits, and when; None is not told."""

    requests_left: int | None = None
    requests_reset_at: datetime | None = None
    tokens_limit: int | None = None
    tokens_left: int | None = None
    tokens_reset_at: datetime | None = None
    blocked_until: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True)
class Circuit:
    """`is_open` once too many calls in a row have failed; `is_probing` while one tries it out."""

    is_open: bool = False
    until: datetime | None = None
    is_probing: bool = False


@dataclass(frozen=True)
class Situation:
    """`running` is by person, and so is `served`, when one of theirs was last let go; requests and
    tokens are those of the last minute. `is_trying_lost` while one that was lost is let go once
    more and not called yet.
    """

    now: datetime
    running: Mapping[int, int] = field(default_factory=dict)
    served: Mapping[int, datetime] = field(default_factory=dict)
    calls: int = 0
    requests: int = 0
    tokens: int = 0
    circuit: Circuit = Circuit()
    by_model: Mapping[str, ModelLimit] = field(default_factory=dict)
    is_trying_lost: bool = False


@dataclass(frozen=True)
class Bounds:
    """Calls and a person's answers at once; requests and tokens a minute, 0 being no limit."""

    calls: int
    per_person: int
    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Decision:
    """`probe` is the one of those who go that tries out a provider that kept failing. `too_late`
    are those whom the provider lets be called past their time only, with that moment.
    """

    go: tuple[Waiting, ...]
    waits: Mapping[uuid.UUID, Wait]
    probe: uuid.UUID | None = None
    too_late: Mapping[uuid.UUID, datetime] = field(default_factory=dict)


def fair_order(waiting: Sequence[Waiting], situation: Situation) -> list[Waiting]:
    ranks = Counter(situation.running)
    never = datetime.min.replace(tzinfo=situation.now.tzinfo)
    ranked = []
    for each in sorted(waiting, key=lambda one: (one.queued_at, one.id)):
        served = situation.served.get(each.owner, never)
        ranked.append((ranks[each.owner], served, each.queued_at, each.id, each))
        ranks[each.owner] += 1
    return [each for *_, each in sorted(ranked, key=lambda one: one[:4])]


def decide(waiting: Sequence[Waiting], situation: Situation, bounds: Bounds) -> Decision:
    """Who of those in line goes now, and what the others wait for."""
    return _Deciding(situation, bounds).over(fair_order(waiting, situation))


class _Deciding:
    def __init__(self, situation: Situation, bounds: Bounds) -> None:
        self._now = situation.now
        self._bounds = bounds
        self._circuit = situation.circuit
        self._running = Counter(situation.running)
        self._calls, self._requests = situation.calls, situation.requests
        self._tokens = situation.tokens
        self._limits = dict(situation.by_model)
        # Until when one waits for the provider's tokens, by model.
        self._held_up: dict[str, datetime] = {}
        self._go: list[Waiting] = []
        self._waits: dict[uuid.UUID, Wait] = {}
        self._too_late: dict[uuid.UUID, datetime] = {}
        self._is_trying_lost = situation.is_trying_lost
        self._probe: uuid.UUID | None = None
        self._is_full = False
        self._place = 0

    def over(self, order: Sequence[Waiting]) -> Decision:
        for each in order:
            free_at = None if each.would_not_wait else self._free_at(each)
            if each.deadline and free_at and free_at > each.deadline:
                self._too_late[each.id] = free_at
            elif wait := self._wait_of(each, free_at):
                self._waits[each.id] = wait
            else:
                self._let_go(each)
        return Decision(tuple(self._go), self._waits, self._probe, self._too_late)

    def _free_at(self, each: Waiting) -> datetime | None:
        return _free_at(self._limits.get(each.model), each.expected_tokens, self._now)

    def _wait_of(self, each: Waiting, free_at: datetime | None) -> Wait | None:
        if wait := self._wait_for_provider(each, free_at):
            return wait
        if self._may_write(each) and self._has_room(each) and self._may_be_tried(each):
            return None
        self._place += 1
        return Wait(Reason.LINE, self._place)

    def _wait_for_provider(self, each: Waiting, free_at: datetime | None) -> Wait | None:
        until, circuit = each.not_before, self._circuit
        if circuit.is_open and (circuit.until or self._now) > max(until or self._now, self._now):
            return Wait(Reason.CIRCUIT, until=circuit.until)
        if until and until > self._now:
            return Wait(Reason.RETRY, until=until, code=each.code)
        if circuit.is_open and (circuit.is_probing or self._probe):
            return Wait(Reason.CIRCUIT)
        if each.would_not_wait:
            return None
        if free_at and self._may_write(each):
            # A short one behind it waits as well: a long prompt must not starve.
            self._held_up.setdefault(each.model, free_at)
        free_at = free_at or self._held_up.get(each.model)
        return Wait(Reason.PROVIDER_LIMIT, until=free_at) if free_at else None

    def _may_write(self, each: Waiting) -> bool:
        """Whether its person has less than so many answers written at once."""
        return self._running[each.owner] < self._bounds.per_person

    def _has_room(self, each: Waiting) -> bool:
        """Once one has no room, nobody behind it goes either: a long prompt must not starve."""
        bounds = self._bounds
        tokens = self._tokens + each.expected_tokens
        self._is_full = self._is_full or (
            self._calls >= bounds.calls
            or bool(bounds.requests and self._requests >= bounds.requests)
            # One that is larger than the limit goes alone.
            or bool(bounds.tokens and tokens > bounds.tokens and self._tokens)
        )
        return not self._is_full

    def _may_be_tried(self, each: Waiting) -> bool:
        """Those who were lost go one by one: the one that kills its process takes no other along."""
        return not (each.was_lost and self._is_trying_lost)

    def _let_go(self, each: Waiting) -> None:
        self._go.append(each)
        self._running[each.owner] += 1
        self._calls += 1
        self._requests += 1
        self._tokens += each.expected_tokens
        self._is_trying_lost = self._is_trying_lost or each.was_lost
        if self._circuit.is_open:
            self._probe = each.id
        if limit := self._limits.get(each.model):
            self._limits[each.model] = spent(limit, each.expected_tokens)


def spent(limit: ModelLimit, tokens: int) -> ModelLimit:
    """What is left of a provider's limit after one more call."""
    return replace(
        limit,
        requests_left=None if limit.requests_left is None else limit.requests_left - 1,
        tokens_left=None if limit.tokens_left is None else limit.tokens_left - tokens,
    )


def _free_at(limit: ModelLimit | None, tokens: int, now: datetime) -> datetime | None:
    """When a call of so many tokens fits into what the provider allows; None: now."""
    if limit is None:
        return None
    moments = [limit.blocked_until]
    if limit.requests_left is not None and limit.requests_left <= 0:
        moments.append(limit.requests_reset_at)
    if limit.tokens_left is not None and limit.tokens_left < tokens:
        moments.append(_tokens_at(limit, limit.tokens_left, tokens))
    return max((moment for moment in moments if moment and moment > now), default=None)


def _tokens_at(limit: ModelLimit, left: int, tokens: int) -> datetime | None:
    """A provider's tokens come back evenly until the reset, when all of them are there."""
    reset, told, whole = limit.tokens_reset_at, limit.told_at, limit.tokens_limit
    if not reset or not told or not whole or tokens >= whole or reset <= told:
        return reset
    return told + (reset - told) * ((tokens - left) / (whole - left))
