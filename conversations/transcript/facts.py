"""What a message took: the sum of all its calls, attempts and continuations alike."""

from dataclasses import dataclass
from decimal import Decimal

from conversations.models import Message


@dataclass(frozen=True)
class Facts:
    """Tokens, USD and milliseconds; a sum with an unknown part is unknown."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: Decimal | None
    is_estimated: bool
    duration_ms: int | None
    finish_reason: str


def facts_of(message: Message) -> Facts | None:
    calls = message.calls
    if not calls:
        return None
    costs = [call.cost for call in calls]
    durations = [call.duration_ms for call in calls]
    return Facts(
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cost=None if None in costs else sum(filter(None, costs), Decimal(0)),
        is_estimated=any(call.is_estimated for call in calls),
        duration_ms=None if None in durations else sum(filter(None, durations)),
        finish_reason=calls[-1].finish_reason,
    )
