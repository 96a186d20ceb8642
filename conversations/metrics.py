"""What this process counts, in Prometheus' terms: sums since its start, and what is so now.

Counting is an addition under a lock: nothing here waits, so it may be done anywhere. What holds
for the whole site stands in the database, comes in as `Site` and is the same from every process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

# What every version of Prometheus reads.
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# Anybody may name any model: those past this number share one label.
MOST_MODELS = 50
OTHER = "other"

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)


def _counter(name: str, words: str, *labels: str) -> Counter:
    return Counter(f"chatsite_{name}", words, labels, registry=REGISTRY)


def _gauge(name: str, words: str) -> Gauge:
    return Gauge(f"chatsite_{name}", words, registry=REGISTRY)


def _histogram(name: str, words: str, *bounds: float) -> Histogram:
    return Histogram(f"chatsite_{name}", words, buckets=bounds, registry=REGISTRY)


# --- answers --------------------------------------------------------------------------------

RUNNING = _gauge("answers_running", "Answers that this process writes now.")
DRAINING = _gauge("draining", "1 while this process has been told to stop.")
TURNS = _counter("turns_total", "Answers that ended, by how.", "ending")
TURN_SECONDS = _histogram(
    "turn_seconds",
    "From the moment an answer was asked for to its ending, time in line included.",
    *(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800),
)

# --- calls to the provider ------------------------------------------------------------------

CALLS = _counter("calls_total", "Calls to the provider that ended, by purpose.", "purpose")
ERRORS = _counter("errors_total", "Calls that failed and answers never called, by error.", "error")
RETRIES = _counter("retries_total", "Failed calls whose answer waits to be called once more.")
TOKENS = _counter("tokens_total", "Tokens that calls took.", "kind", "model")
COST = _counter("cost_usd_total", "What calls cost in USD, as far as prices are known.", "model")
UNKNOWN_COST = _counter("calls_of_unknown_cost_total", "Calls whose model has no price.")
FIRST_TOKEN_SECONDS = _histogram(
    "first_token_seconds",
    "From a call to its first token.",
    *(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)

# --- pages ----------------------------------------------------------------------------------

SOCKETS = _gauge("sockets_open", "Open pages that this process shows answers on.")
FRAMES_SENT = _counter("frames_sent_total", "Frames of running answers sent to pages.")
FRAMES_DROPPED = _counter("frames_dropped_total", "Frames not sent to a page that is behind.")
FRAMES_HEALED = _counter(
    "frames_healed_total",
    "Times a page that missed something was sent all of it, or told to read it again.",
)

# --- the database and the other processes ---------------------------------------------------

FLUSH_LAG = _histogram(
    "flush_lag_seconds",
    "Age of the oldest text not yet stored, when it was.",
    *(0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60),
)
FLUSHES_FAILED = _counter("flushes_failed_total", "Times the database did not take partial text.")
DISPATCH_SECONDS = _histogram(
    "dispatch_seconds",
    "One pass over the line before the provider.",
    *(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HINTS = _counter("hints_total", "Hints between processes: sent, received, failed.", "way")

_models: set[str] = set()


def model_label(model: str) -> str:
    if len(_models) < MOST_MODELS:
        _models.add(model)
    return model if model in _models else OTHER


def call_ended(
    purpose: str,
    model: str,
    tokens: Mapping[str, int],
    cost: Decimal | None,
    first_token_ms: int | None,
    error: str,
) -> None:
    """Once for every attempt, whatever became of it."""
    CALLS.labels(purpose).inc()
    if error:
        ERRORS.labels(error).inc()
    if first_token_ms is not None:
        FIRST_TOKEN_SECONDS.observe(first_token_ms / 1000)
    if cost is None:
        UNKNOWN_COST.inc()
    # Only what took something has a label: a model that does not exist uses none up.
    for kind, number in tokens.items():
        if number:
            TOKENS.labels(kind, model_label(model)).inc(number)
    if cost:
        COST.labels(model_label(model)).inc(float(cost))


def turn_ended(ending: str, seconds: float | None, failure: str = "") -> None:
    """Once for every ending; `failure` is of an answer that was never called."""
    TURNS.labels(ending).inc()
    if seconds is not None:
        TURN_SECONDS.observe(max(seconds, 0))
    if failure:
        ERRORS.labels(failure).inc()


# --- the site as a whole --------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """What the database says; the same whichever process is asked."""

    running: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)  # by reason
    oldest_seconds: float = 0
    is_circuit_open: bool = False
    failures: int = 0  # in a row


def exposition(site: Site | None) -> bytes:
    """All of it as text; of the site only that its database is away, where it is None."""
    return generate_latest(REGISTRY) + generate_latest(_of_the_site(site))


def _of_the_site(site: Site | None) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"chatsite_{name}", words, labels, registry=registry)

    gauge("database_up", "Whether the database answered just now.").set(site is not None)
    if site is None:
        return registry
    gauge("site_answers_running", "Answers that are being written, on all processes.").set(
        site.running
    )
    waiting = gauge("site_answers_waiting", "Answers in line, by what they wait for.", "reason")
    for reason, number in site.waiting.items():
        waiting.labels(reason).set(number)
    oldest = gauge("site_oldest_waiting_seconds", "How long the first in line has waited.")
    oldest.set(site.oldest_seconds)
    is_open = gauge("site_circuit_open", "1 while no calls are made because the provider fails.")
    is_open.set(site.is_circuit_open)
    gauge("site_failures_in_a_row", "Calls in a row that the provider failed.").set(site.failures)
    return registry
