"""An answer whose call failed before its first token: when it is called again, and with what."""

import contextlib
import random
from datetime import datetime

from django.conf import settings

from conversations import accounting, line
from conversations.errors import CostUnknown, OverBudget, UpstreamError
from conversations.models import Message, Purpose


def hold_again(answer: Message) -> None:
    """For its next call, what was held back for the one that failed, as long as that fits."""
    amounts = answer.completions.order_by("-pk").values_list("reserved", flat=True)
    with contextlib.suppress(OverBudget, CostUnknown):
        accounting.hold(accounting.account_of(answer.owner_id), amounts.first(), answer)


def wait_before_retry(answer: Message, now: datetime, error: UpstreamError) -> float | None:
    """Seconds; None where it is not called again. All by the database's clock."""
    calls = answer.completions.filter(purpose=Purpose.ANSWER)
    since = answer.queued_at or answer.created_at
    begun = list(calls.filter(created_at__gte=since).values_list("created_at", flat=True))
    spent = (now - min(begun)).total_seconds() if begun else 0.0
    # Past that it would be given up in line, after it had counted down.
    left = settings.QUEUE_SECONDS - (now - since).total_seconds()
    policy = line.Policy(
        min(settings.RETRY_SECONDS, spent + left),
        settings.RETRY_BASE_SECONDS,
        settings.RETRY_CAP_SECONDS,
    )
    return line.wait_before_retry(policy, len(begun), spent, error.retry_after, random.random)
