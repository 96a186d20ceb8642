"""How much a model reads and writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from conversations.errors import ContextLengthExceeded
from conversations.models import ModelPrice


@dataclass(frozen=True)
class Limits:
    """What a model takes, in tokens. `scale` is how many of the provider's own tokens one of
    ours turned out to be.
    """

    window: int
    max_input: int
    max_tokens: int
    scale: float = 1.0

    @property
    def prompt(self) -> int:
        """Room for the prompt once the answer's is reserved, in tokens as counted here."""
        return int(min(self.max_input, self.window - self.max_tokens) / self.scale)


def narrowed(limits: Limits, max_tokens: int | None) -> Limits:
    """With a shorter answer, to the same prompt."""
    if max_tokens is None or max_tokens >= limits.max_tokens:
        return limits
    room = min(limits.max_input, limits.window - limits.max_tokens)
    return replace(limits, max_input=room, max_tokens=max_tokens)


def limits_of(price: ModelPrice | None, max_tokens: int | None) -> Limits:
    """The limits of a model; where its row leaves a figure open, the careful reading holds."""
    window = settings.DEFAULT_CONTEXT_WINDOW
    max_input = max_output = None
    if price:
        window = price.context_window or price.max_input or window
        max_input, max_output = price.max_input, price.max_output
    wanted = max_tokens or min(settings.DEFAULT_MAX_TOKENS, window // 4)
    return Limits(window, max_input or window, min(wanted, max_output or wanted))


def again(limits: Limits, sent: int, parameters: Mapping[str, Any]) -> Limits:
    """Limits by which no more is sent than in an earlier call: so many tokens, as counted here,
    with room for the answer by its parameters.
    """
    room = parameters.get("max_completion_tokens") or parameters.get("max_tokens")
    return replace(limits, max_input=sent, max_tokens=room or limits.max_tokens)


def corrected(limits: Limits, told: ContextLengthExceeded, sent: int) -> Limits:
    """Limits after the provider found a prompt of `sent` tokens, as counted here, too long.

    Its own figures hold where it gave any; in any case a tenth is left out at least, or the same
    prompt would be sent again.
    """
    window = min(limits.window, told.limit or limits.window)
    max_tokens = limits.max_tokens if limits.max_tokens <= window // 2 else max(window // 4, 1)
    prompt = told.prompt or (told.asked - limits.max_tokens if told.asked else 0)
    scale = max(prompt / sent, 1.0) if sent else 1.0
    better = replace(
        limits,
        window=window,
        max_input=min(limits.max_input, window),
        max_tokens=max_tokens,
        scale=scale,
    )
    most = sent * 9 // 10 if told.limit or told.prompt else sent * 2 // 3
    if better.prompt <= most:
        return better
    return replace(better, max_input=int(most * scale))
