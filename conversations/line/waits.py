"""Why an answer waits, as it is told to the person."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    LINE = "line"  # others are before it
    RETRY = "retry"  # a call failed; it is made again at `until`
    CIRCUIT = "circuit"  # the provider keeps failing; it is tried again at `until`
    PROVIDER_LIMIT = "provider_limit"  # the provider's own limit is reached until `until`


@dataclass(frozen=True)
class Wait:
    """`place` counts from 1 and is None for one that waits for a moment, not for others.

    `code` is the error that led to a retry.
    """

    reason: Reason
    place: int | None = None
    until: datetime | None = None
    code: str = ""
