"""What an admission, a failed call and a good one mean for the line."""

import math
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, Now

from conversations.errors import RateLimited, TooBusy, TooManyWaiting, TooSoon, UpstreamError
from conversations.models import Allowance, Gate, Message, ProviderLimit, Status
from conversations.upstream import RateLimits

from .allowance import recent, seconds_to_wait
from .situation import breaker
from .store import hold_gate


def enter(owner_id: int, answer: uuid.UUID) -> datetime:
    """Let one more stand in line, within the admission's transaction; since when it does.

    Raises TooBusy, TooManyWaiting or TooSoon.
    """
    _, now = hold_gate()
    others = Message.objects.in_line().exclude(pk=answer)
    waiting = others.aggregate(all=Count("pk"), own=Count("pk", filter=Q(owner_id=owner_id)))
    if waiting["all"] >= settings.MAX_QUEUED:
        raise TooBusy
    if waiting["own"] >= settings.MAX_QUEUED_PER_PERSON:
        raise TooManyWaiting
    _spend_allowance(owner_id, now)
    return now


def _spend_allowance(owner_id: int, now: datetime) -> None:
    """The gate's lock is held, so nobody else counts at the same time."""
    allowance, _ = Allowance.objects.get_or_create(user_id=owner_id)
    moment, most = now.timestamp(), settings.MAX_MESSAGES_PER_MINUTE
    if wait := seconds_to_wait(allowance.recent, moment, most):
        raise TooSoon(math.ceil(wait))
    allowance.recent = [*recent(allowance.recent, moment), moment]
    allowance.save(update_fields=["recent"])


def note_success(model: str) -> None:
    """The provider answers: a circuit that was open is closed, and nobody waits for a moment that
    it named before.
    """
    ProviderLimit.objects.filter(model=model, blocked_until__gt=Now()).update(blocked_until=None)
    if Gate.objects.filter(failures__gt=0).exists():
        Gate.objects.filter(pk=1).update(failures=0, open_until=None, probe=None)


def note_failure(model: str, error: UpstreamError) -> None:
    """A call failed before its first token, in a way that may get better."""
    with transaction.atomic():
        gate, now = hold_gate()
        if isinstance(error, RateLimited) and _block(model, error.retry_after, now):
            # It works; it only wants to be left alone for a while.
            return
        if gate.open_until and gate.open_until > now:
            # It was under way when the circuit opened, and says nothing new.
            return
        gate.failures += 1
        gate.probe = None
        seconds = breaker().seconds_open(gate.failures)
        gate.open_until = now + timedelta(seconds=seconds) if seconds else None
        gate.save()


def _block(model: str, seconds: float | None, now: datetime) -> bool:
    """False where it does not say for how long, or for longer than anybody waits."""
    if not seconds or seconds > settings.RETRY_SECONDS:
        return False
    limit, _ = ProviderLimit.objects.get_or_create(model=model)
    limit.blocked_until = max(limit.blocked_until or now, now + timedelta(seconds=seconds))
    limit.save(update_fields=["blocked_until"])
    return True


def note_limits(model: str, told: RateLimits) -> None:
    """What the provider says with an answer of its limits for this model."""
    with transaction.atomic():
        _, now = hold_gate()
        # Those that were let go and have not called yet are not in the provider's figures.
        coming = Message.objects.claimed().filter(status=Status.QUEUED, model=model)
        left = coming.aggregate(calls=Count("pk"), tokens=Coalesce(Sum("expected_tokens"), 0))
        ProviderLimit.objects.update_or_create(
            model=model,
            defaults={
                "told_at": now,
                "requests_left": _less(told.requests_left, left["calls"]),
                "requests_reset_at": _at(now, told.requests_reset),
                "tokens_limit": told.tokens_limit,
                "tokens_left": _less(told.tokens_left, left["tokens"]),
                "tokens_reset_at": _at(now, told.tokens_reset),
            },
        )


def _less(told: int | None, spent: int) -> int | None:
    return None if told is None else told - spent


def _at(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
