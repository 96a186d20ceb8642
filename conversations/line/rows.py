"""Who stands in line, read from the database."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Q, When

from conversations.errors import NeverBegun, QueueTimedOut
from conversations.models import Message

from .decide import Waiting

# So often one is let go and lost before it is called; then it is given up. What is in it may be
# what kills its process, and with it every other answer that is written there.
MOST_CLAIMS = 3

_COLUMNS = (
    "pk",
    "owner_id",
    "conversation_id",
    "model",
    "queued_at",
    "created_at",
    "expected_tokens",
    "not_before",
    "wait",
    "claims",
)


@dataclass(frozen=True)
class Row:
    waiting: Waiting
    conversation: uuid.UUID
    is_ours: bool
    # The code of why it is given up, if it is.
    failure: str
    # Whoever asked it to stop died before it was ended; or its chat was deleted, or its person
    # may not come in any more.
    is_to_stop: bool

    @property
    def may_go(self) -> bool:
        return not (self.failure or self.is_to_stop)


def rows_of(home: uuid.UUID | None, now: datetime) -> list[Row]:
    """Theirs is the line who have taken them in, as long as they live."""
    dead = now - timedelta(seconds=settings.TAKEOVER_SECONDS)
    ours = Q(home=None) | Q(home=home) | Q(beat__lt=dead)
    gone = (
        Q(stop_asked=True) | Q(conversation__deleted_at__isnull=False) | Q(owner__is_active=False)
    )
    found = Message.objects.in_line().annotate(
        is_to_stop=Case(When(gone, then=True), default=False),
        is_ours=Case(When(ours, then=True), default=False),
    )
    columns = (*_COLUMNS, "is_to_stop", "is_ours")
    return [_row(values, now) for values in found.values(*columns)]


def _row(values: Mapping[str, Any], now: datetime) -> Row:
    queued_at = values["queued_at"] or values["created_at"]
    waiting = Waiting(
        id=values["pk"],
        owner=values["owner_id"],
        model=values["model"],
        queued_at=queued_at,
        expected_tokens=values["expected_tokens"],
        not_before=values["not_before"],
        code=values["wait"],
        deadline=queued_at + timedelta(seconds=settings.QUEUE_SECONDS),
        was_lost=values["claims"] > 0,
    )
    return Row(
        waiting,
        values["conversation_id"],
        values["is_ours"],
        _failure(values["claims"], waiting, now),
        values["is_to_stop"],
    )


def _failure(claims: int, waiting: Waiting, now: datetime) -> str:
    if claims >= MOST_CLAIMS:
        return NeverBegun.code
    return QueueTimedOut.code if waiting.deadline and now > waiting.deadline else ""
