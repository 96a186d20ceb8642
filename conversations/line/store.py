"""The line by the database. Whoever counts and then acts holds the gate's lock, so that no two
processes ever give away the same place.

Rows of PostgreSQL are locked in one order: the conversation, then the gate, then the answers.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from conversations.errors import AskedToWait
from conversations.models import Allowance, Gate, Message, ProviderLimit
from conversations.models.message import MessageQuerySet

from .decide import Decision, Waiting, decide
from .rows import Row, rows_of
from .situation import bounds, breaker, situation
from .waits import Wait


@dataclass(frozen=True)
class Taken:
    """An answer that this process now writes, under this run, or ends: `failure` is the code of
    why it is given up, `until` when the provider may be asked again.
    """

    answer: uuid.UUID
    run: uuid.UUID
    failure: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Look:
    """One look at the line. `given_up` wait no more, for the reason that they say, `stopped` were
    asked to stop; they are this process's to end.

    `waits` has everybody who waits, by answer, and `conversations` where they are.
    """

    taken: tuple[Taken, ...] = ()
    given_up: tuple[Taken, ...] = ()
    stopped: tuple[Taken, ...] = ()
    waits: Mapping[uuid.UUID, Wait] = field(default_factory=dict)
    conversations: Mapping[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    # By the database's clock; None where nobody stands in line.
    now: datetime | None = None


def hold_gate() -> tuple[Gate, datetime]:
    """The gate, locked until the transaction ends, and the moment by the database's clock."""
    held = Gate.objects.select_for_update()
    gate = held.filter(pk=1).first()
    if gate is None:
        Gate.objects.get_or_create(pk=1)
        gate = held.get(pk=1)
    # Asked for once the lock is there: waiting for it may have taken a while.
    return gate, Gate.objects.annotate(now=Now()).values_list("now", flat=True).get(pk=1)


def take(home: uuid.UUID, room: int) -> Look:
    """Let those go whose turn it is, at most `room` of them in this process."""
    if not Message.objects.in_line().exists():
        return Look()
    with transaction.atomic():
        gate, now = hold_gate()
        rows = rows_of(home, now)
        here = situation(gate, now)
        decision = decide([row.waiting for row in rows if row.may_go], here, bounds())
        ours = [row for row in rows if row.is_ours]
        own = {row.waiting.id for row in ours}
        mine = [each for each in decision.go if each.id in own][:room]
        taken = _let_go(mine, home)
        _note_served({each.owner for each in mine}, now)
        _note_probe(gate, decision, taken)
        _note_calls([each for each in mine if each.model in here.by_model])
        return Look(
            taken,
            _give_up(ours, decision.too_late, home),
            _stop(ours, home),
            decision.waits,
            {row.waiting.id: row.conversation for row in rows},
            now,
        )


def survey() -> Mapping[uuid.UUID, Wait]:
    """What everybody in line waits for, without letting anybody go."""
    gate = Gate.objects.annotate(now=Now()).filter(pk=1).first()
    if gate is None:
        return {}
    now: datetime = gate.now
    waiting = [row.waiting for row in rows_of(None, now) if row.may_go]
    return decide(waiting, situation(gate, now), bounds()).waits


def wait_of(answer: Message) -> Wait | None:
    """What one answer waits for; None where it goes on at once."""
    return survey().get(answer.pk) if answer.is_in_line else None


def beat(home: uuid.UUID) -> None:
    """Say that the process lives in which these stand in line."""
    _change(Message.objects.in_line().filter(home=home), beat=Now())


def adopt(home: uuid.UUID) -> None:
    """Take over the whole line, where this is the only process."""
    _change(Message.objects.in_line(), home=home, beat=Now())


def abandon(home: uuid.UUID) -> None:
    """Leave one's part of the line to whoever comes."""
    _change(Message.objects.in_line().filter(home=home), home=None)


def _change(standing: MessageQuerySet, **changes: object) -> None:
    """Under the gate's lock, as whoever lets them go: two that lock many of them, each in an order
    of its own, would wait for each other.
    """
    if standing.exists():
        with transaction.atomic():
            hold_gate()
            standing.update(**changes)


def try_now(answer: uuid.UUID) -> bool:
    """Do not wait for the moment of the next try; False for one that is not in line."""
    waited = Message.objects.in_line().filter(pk=answer).update(not_before=None)
    if waited:
        Gate.objects.filter(open_until__gt=Now()).update(open_until=Now())
    return bool(waited)


def is_idle() -> bool:
    """Whether a call that nobody waits for may be made. Hold the gate, and make it meanwhile."""
    gate, now = hold_gate()
    if Message.objects.in_line().exists() or breaker().is_open(gate.failures):
        return False
    someone = Waiting(uuid.uuid4(), 0, "", now)
    return bool(decide([someone], situation(gate, now), bounds()).go)


def _let_go(each: list[Waiting], home: uuid.UUID) -> tuple[Taken, ...]:
    claimed = [Taken(one.id, uuid.uuid4()) for one in each]
    return tuple(one for one in claimed if _claim(one, home, claims=F("claims") + 1))


def _give_up(
    rows: list[Row], too_late: Mapping[uuid.UUID, datetime], home: uuid.UUID
) -> tuple[Taken, ...]:
    given_up = []
    for row in rows:
        until = too_late.get(row.waiting.id)
        failure = AskedToWait.code if until else row.failure
        if failure and not row.is_to_stop:
            given_up.append(Taken(row.waiting.id, uuid.uuid4(), failure, until))
    return tuple(one for one in given_up if _claim(one, home))


def _stop(rows: list[Row], home: uuid.UUID) -> tuple[Taken, ...]:
    stopped = [Taken(row.waiting.id, uuid.uuid4()) for row in rows if row.is_to_stop]
    return tuple(one for one in stopped if _claim(one, home, is_to_stop=True))


def _claim(taken: Taken, home: uuid.UUID, *, is_to_stop: bool = False, **changes: object) -> bool:
    free = Message.objects.in_line().filter(pk=taken.answer)
    if not is_to_stop:
        free = free.filter(stop_asked=False)
    return bool(free.update(run=taken.run, home=home, beat=Now(), **changes))


def _note_served(people: set[int], now: datetime) -> None:
    if people:
        Allowance.objects.filter(user_id__in=people).update(served_at=now)


def _note_probe(gate: Gate, decision: Decision, taken: tuple[Taken, ...]) -> None:
    runs = {one.answer: one.run for one in taken}
    if decision.probe in runs:
        gate.probe = runs[decision.probe]
        gate.save(update_fields=["probe"])


def _note_calls(limited: list[Waiting]) -> None:
    """What they will take is gone from what the provider said was left."""
    for each in limited:
        limits = ProviderLimit.objects.filter(model=each.model)
        limits.filter(requests_left__gt=0).update(requests_left=F("requests_left") - 1)
        limits.filter(tokens_left__gt=0).update(tokens_left=F("tokens_left") - each.expected_tokens)
