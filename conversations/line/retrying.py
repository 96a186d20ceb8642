"""Whether and when a call that failed before its first token is made again.

Exponential backoff with full jitter: the wait is drawn evenly between nothing and a bound that
doubles (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that those
who failed together do not come back together.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """All in seconds: within `total` from the first attempt on, waits up to `base` doubled each
    time and up to `cap`.
    """

    total: float
    base: float
    cap: float


def wait_before_retry(
    policy: Policy,
    attempts: int,
    spent: float,
    retry_after: float | None,
    draw: Callable[[], float],
) -> float | None:
    """Seconds to wait after so many attempts, begun `spent` seconds ago; None: not again.

    `draw` gives a number from 0 to 1. What the provider asked for is the least.
    """
    # 2**60 is past every cap, and a float.
    most = min(policy.cap, policy.base * 2.0 ** min(max(attempts - 1, 0), 60))
    wait = draw() * most
    if retry_after is not None:
        wait = retry_after + draw() * min(policy.base, most)
    return wait if spent + wait < policy.total else None
