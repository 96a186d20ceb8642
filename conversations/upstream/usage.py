"""Token figures as a provider reports them, believed only as far as they can be true."""

from collections.abc import Mapping
from typing import Any

from conversations.tokens import Usage

# More tokens than any call can take; it also fits the database's columns.
ABSURD_TOKENS = 1_000_000_000


def usage_from(reported: object) -> Usage | None:
    """The usage object of a response; None where its two main figures cannot be used.

    A part that is larger than its whole is not believed and counts as 0, so that the whole is
    charged at the ordinary price. The exception is reasoning that the provider lists beside the
    completion instead of within it, which shows in the total; it is output, and is counted so.
    """
    if not isinstance(reported, Mapping):
        return None
    prompt = _figure(reported, "prompt_tokens")
    completion = _figure(reported, "completion_tokens")
    if prompt is None or completion is None:
        return None
    reasoning = _part(reported, "completion_tokens_details", "reasoning_tokens")
    if reasoning and _figure(reported, "total_tokens") == prompt + completion + reasoning:
        completion += reasoning
    cached = _part(reported, "prompt_tokens_details", "cached_tokens")
    cached = cached if cached <= prompt else 0
    written = _part(reported, "prompt_tokens_details", "cache_write_tokens")
    written = written if cached + written <= prompt else 0
    reasoning = reasoning if reasoning <= completion else 0
    return Usage(prompt, completion, cached, written, reasoning)


def _part(reported: Mapping[str, Any], details: str, name: str) -> int:
    found = reported.get(details)
    return (_figure(found, name) if isinstance(found, Mapping) else None) or 0


def _figure(reported: Mapping[str, Any], name: str) -> int | None:
    figure = reported.get(name)
    if isinstance(figure, bool) or not isinstance(figure, int):
        return None
    return figure if 0 <= figure <= ABSURD_TOKENS else None
