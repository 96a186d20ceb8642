"""What counts for the line now: calls under way, the last minute, the provider's limits."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Count, F, Sum, When
from django.db.models.functions import Coalesce

from conversations.models import (
    Allowance,
    Completion,
    Gate,
    Message,
    ProviderLimit,
    Purpose,
    Status,
)

from .circuit import Breaker
from .decide import Bounds, Circuit, ModelLimit, Situation

WINDOW = timedelta(minutes=1)


def breaker() -> Breaker:
    return Breaker(
        settings.CIRCUIT_FAILURES, settings.CIRCUIT_SECONDS, settings.CIRCUIT_CAP_SECONDS
    )


def bounds() -> Bounds:
    return Bounds(
        calls=settings.MAX_CALLS,
        per_person=settings.MAX_ANSWERS_PER_PERSON,
        requests=settings.MAX_REQUESTS_PER_MINUTE,
        tokens=settings.MAX_TOKENS_PER_MINUTE,
    )


def situation(gate: Gate, now: datetime) -> Situation:
    claimed = list(Message.objects.claimed().values_list("owner_id", "status", "claims"))
    running = Counter(owner for owner, *_ in claimed)
    asides = Completion.objects.open().exclude(purpose=Purpose.ANSWER).count()
    requests, tokens = _last_minute(now)
    probing = bool(gate.probe) and Message.objects.claimed().filter(run=gate.probe).exists()
    return Situation(
        now=now,
        running=running,
        served=_served(),
        calls=running.total() + asides,
        requests=requests,
        tokens=tokens,
        circuit=Circuit(breaker().is_open(gate.failures), gate.open_until, probing),
        by_model={limit.model: _limit(limit) for limit in ProviderLimit.objects.all()},
        is_trying_lost=any(status == Status.QUEUED and claims > 1 for _, status, claims in claimed),
    )


def _served() -> dict[int, datetime]:
    """When the people who wait were last served."""
    waiting = Message.objects.in_line().values("owner_id")
    found = Allowance.objects.filter(user_id__in=waiting).exclude(served_at=None)
    return {user: at for user, at in found.values_list("user_id", "served_at") if at}


def _last_minute(now: datetime) -> tuple[int, int]:
    """Calls and tokens, with those that were let go and have not called yet.

    A call under way counts with all that it may take, one that has ended with what it took.
    """
    if not (settings.MAX_REQUESTS_PER_MINUTE or settings.MAX_TOKENS_PER_MINUTE):
        return 0, 0
    # Asked first: one that calls in between is counted twice rather than never.
    coming = Message.objects.claimed().filter(status=Status.QUEUED)
    expected = coming.aggregate(calls=Count("pk"), tokens=Sum("expected_tokens"))
    most = Coalesce("message__expected_tokens", "estimated_prompt_tokens")
    took = F("prompt_tokens") + F("completion_tokens")
    called = Completion.objects.filter(created_at__gt=now - WINDOW)
    counted = called.aggregate(
        calls=Count("pk"), tokens=Sum(Case(When(ended_at=None, then=most), default=took))
    )
    return (
        counted["calls"] + expected["calls"],
        (counted["tokens"] or 0) + (expected["tokens"] or 0),
    )


def _limit(limit: ProviderLimit) -> ModelLimit:
    return ModelLimit(
        limit.requests_left,
        limit.requests_reset_at,
        limit.tokens_limit,
        limit.tokens_left,
        limit.tokens_reset_at,
        limit.blocked_until,
        limit.told_at,
    )
