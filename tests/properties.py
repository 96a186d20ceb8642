"""How long property tests look, and what amounts and texts they are given."""

from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The database fixture is shared by all examples of one test; each begins by emptying its table.
modest = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def amounts(most: int = 1000):
    """USD to the last picodollar, from nothing to `most`."""
    return st.integers(0, most * 10**12).map(lambda picodollars: Decimal(picodollars).scaleb(-12))
