from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations.accounting import (
    Rates,
    answer_cost,
    cost,
    input_cost,
    most_completion_tokens,
    price_of,
    price_on,
    rates,
    worst_case,
)
from conversations.models import ModelPrice
from conversations.tokens import Usage
from tests.properties import amounts, modest

PICODOLLAR = Fraction(1, 10**12)

tokens = st.integers(0, 10**9)
# What a provider may report, whether or not it can be true, and what can be.
reports = st.builds(Usage, tokens, tokens, tokens, tokens, tokens)
usages = st.builds(
    lambda fresh, cached, written, completion: Usage(
        fresh + cached + written, completion, cached, written
    ),
    *[tokens] * 4,
)
prices = st.builds(Rates, amounts(), amounts(), amounts(), amounts())


def usd(text):
    return Decimal(text)


def row(**fields):
    return ModelPrice(**{"model": "m", "input": usd("2"), "output": usd("8"), **fields})


GPT_4O = Rates(usd("2.5"), usd("1.25"), usd("2.5"), usd("10"))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(0, 0), "0"),
        (Usage(1, 0), "0.0000025"),
        (Usage(1_000_000, 0), "2.5"),
        (Usage(0, 1_000_000), "10"),
        (Usage(1000, 200), "0.0045"),
        (Usage(1000, 200, cached=1000), "0.00325"),
        (Usage(1000, 200, cached=400), "0.004"),
        (Usage(1000, 200, reasoning=200), "0.0045"),
    ],
)
def test_a_call_costs_its_tokens_at_their_rates(usage, expected):
    assert cost(usage, GPT_4O) == usd(expected)


@modest
@given(usages, prices)
def test_a_cost_is_the_exact_sum_rounded_once(usage, at):
    fresh = usage.prompt - usage.cached - usage.cache_write

    exact = (
        fresh * Fraction(at.input)
        + usage.cached * Fraction(at.cached_input)
        + usage.cache_write * Fraction(at.cache_write)
        + usage.completion * Fraction(at.output)
    ) / 1_000_000

    stored = Fraction(cost(usage, at))
    assert abs(stored - exact) <= PICODOLLAR / 2
    assert stored % PICODOLLAR == 0


@pytest.mark.parametrize(
    ("picodollars", "stored"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("0.6", 1)]
)
def test_half_a_picodollar_goes_to_the_even_one(picodollars, stored):
    at = Rates(Decimal(picodollars).scaleb(-6), *[Decimal(0)] * 3)

    assert cost(Usage(1, 0), at) == Decimal(stored).scaleb(-12)


@modest
@given(reports, prices)
def test_no_report_of_usage_makes_a_cost_negative(usage, at):
    assert cost(usage, at) >= 0


@pytest.mark.parametrize(
    ("usage", "counted_as"),
    [
        (Usage(100, 0, cached=500), Usage(100, 0, cached=100)),
        (Usage(100, 0, cached=90, cache_write=50), Usage(100, 0, cached=90, cache_write=10)),
        (Usage(100, 0, cached=500, cache_write=500), Usage(100, 0, cached=100)),
        (Usage(0, 0, cached=5), Usage(0, 0)),
    ],
)
def test_a_part_of_the_prompt_is_never_more_than_the_prompt(usage, counted_as):
    at = Rates(usd("3"), usd("1"), usd("4"), usd("9"))

    assert cost(usage, at) == cost(counted_as, at)


# --- which rates hold -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (row(), Rates(usd("2"), usd("2"), usd("2"), usd("8"))),
        (row(cached_input=usd("0.5")), Rates(usd("2"), usd("0.5"), usd("2"), usd("8"))),
        (row(cached_input=usd("0")), Rates(usd("2"), usd("0"), usd("2"), usd("8"))),
        (row(cache_write=usd("2.5")), Rates(usd("2"), usd("2"), usd("2.5"), usd("8"))),
    ],
)
def test_a_blank_price_is_that_of_input(price, expected):
    assert rates(price, 1000) == expected


TWO_PRICES = {
    "input": usd("2"),
    "cached_input": usd("0.2"),
    "cache_write": usd("2.5"),
    "output": usd("10"),
    "threshold": 272_000,
    "input_above": usd("4"),
    "output_above": usd("15"),
}
BELOW = Rates(usd("2"), usd("0.2"), usd("2.5"), usd("10"))
ABOVE = Rates(usd("4"), usd("0.4"), usd("5"), usd("15"))


@pytest.mark.parametrize(
    ("prompt_tokens", "expected"),
    [(0, BELOW), (271_999, BELOW), (272_000, BELOW), (272_001, ABOVE), (900_000, ABOVE)],
)
def test_above_the_threshold_the_dearer_prices_hold_for_the_whole_call(prompt_tokens, expected):
    assert rates(row(**TWO_PRICES), prompt_tokens) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"output_above": None}, Rates(usd("4"), usd("0.4"), usd("5"), usd("10"))),
        ({"input_above": None}, Rates(usd("2"), usd("0.2"), usd("2.5"), usd("15"))),
        ({"input": usd("0")}, Rates(usd("4"), usd("4"), usd("4"), usd("15"))),
        (
            {"input": usd("3"), "cached_input": usd("0.1")},
            Rates(usd("4"), usd("0.133333333333"), usd("3.333333333333"), usd("15")),
        ),
    ],
)
def test_above_the_threshold_what_is_not_given_is_concluded(changes, expected):
    assert rates(row(**TWO_PRICES | changes), 300_000) == expected


@pytest.mark.parametrize(
    ("price", "prompt_tokens", "max_tokens", "most"),
    [
        (row(), 1000, 500, "0.006"),
        (row(cached_input=usd("0.5")), 1000, 500, "0.006"),
        (row(cache_write=usd("2.5")), 1000, 500, "0.0065"),
        (row(cache_write=usd("1")), 1000, 500, "0.006"),
        (row(**TWO_PRICES), 1000, 500, "0.0075"),
        (row(**TWO_PRICES), 300_000, 1000, "1.515"),
        (row(), 0, 0, "0"),
    ],
)
def test_the_worst_case_reads_nothing_from_the_cache(price, prompt_tokens, max_tokens, most):
    assert worst_case(price, prompt_tokens, max_tokens) == usd(most)


@modest
@given(usages, st.integers(0, 10**6))
def test_no_call_within_its_estimate_costs_more_than_the_worst_case(usage, unused):
    price = row(**TWO_PRICES)

    actual = cost(usage, rates(price, usage.prompt))

    assert actual <= worst_case(price, usage.prompt, usage.completion + unused)


@given(
    st.integers(0, 10**6),
    st.builds(Decimal, st.integers(0, 10**14).map(lambda pico: Decimal(pico).scaleb(-12))),
    st.sampled_from([{}, {"threshold": 1000, "input_above": usd("5"), "output_above": usd("9")}]),
)
def test_the_longest_answer_that_fits_is_offered_and_no_longer_one(prompt_tokens, left, more):
    price = row(input=usd("2"), output=usd("6.1"), cache_write=usd("2.5"), **more)

    most = most_completion_tokens(price, prompt_tokens, left)

    if most is None:
        assert worst_case(price, prompt_tokens, 0) > left
    else:
        assert worst_case(price, prompt_tokens, most) <= left
        assert worst_case(price, prompt_tokens, most + 1) > left


def test_no_length_is_the_longest_where_an_answer_costs_nothing():
    assert most_completion_tokens(row(output=usd("0")), 10, usd("1")) is None


# --- which price holds ----------------------------------------------------------------------


@pytest.fixture
def three_prices(db):
    for day, price in [(1, "1"), (10, "2"), (20, "3")]:
        row(valid_from=date(2026, 5, day), input=usd(price)).save()
    row(model="other", valid_from=date(2026, 5, 15), input=usd("9")).save()


@pytest.mark.parametrize(
    ("day", "input_price"),
    [
        (date(2026, 4, 30), None),
        (date(2026, 5, 1), usd("1")),
        (date(2026, 5, 9), usd("1")),
        (date(2026, 5, 10), usd("2")),
        (date(2026, 5, 19), usd("2")),
        (date(2026, 5, 20), usd("3")),
        (date(2036, 1, 1), usd("3")),
    ],
)
def test_the_newest_price_that_has_begun_holds(three_prices, day, input_price):
    price = price_on("m", day)

    assert (price and price.input) == input_price


@pytest.mark.parametrize(
    ("time_zone", "input_price"),
    [("UTC", usd("1")), ("Asia/Tokyo", usd("2")), ("America/New_York", usd("1"))],
)
def test_a_day_begins_by_the_sites_calendar(
    three_prices, settings, monkeypatch, time_zone, input_price
):
    settings.TIME_ZONE = time_zone
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 5, 9, 20, tzinfo=UTC))

    assert price_of("m").input == input_price


@pytest.mark.parametrize("model", ["", "M", "m ", "unheard-of", "m%"])
def test_an_unknown_model_has_no_price_rather_than_a_free_one(three_prices, model):
    assert price_of(model) is None


def test_a_withdrawn_model_that_still_answers_costs_what_it_did(db):
    row(valid_from=date(2026, 1, 1), withdrawn_on=date(2026, 2, 1)).save()

    assert price_on("m", date(2026, 5, 1)).input == usd("2")


def test_a_price_of_tomorrow_does_not_hold_today(three_prices):
    row(valid_from=date(2999, 1, 1), input=usd("100")).save()

    assert price_of("m").input == usd("3")


# --- the example of the seeds ---------------------------------------------------------------


def test_ten_turns_of_the_seeds_cost_cents_and_resending_makes_them_grow_with_the_square():
    """500 tokens asked, 200 answered, $0.005 and $0.015 per 1,000: 002 says $55."""
    at = Rates(usd("5"), usd("5"), usd("5"), usd("15"))

    alone = [cost(Usage(500, 200), at) for turn in range(10)]
    resent = [cost(Usage(500 + 700 * turn, 200), at) for turn in range(10)]
    twice_as_long = [cost(Usage(500 + 700 * turn, 200), at) for turn in range(20)]

    assert sum(alone) == usd("0.055")
    assert sum(resent) == usd("0.2125")
    assert sum(twice_as_long) == usd("0.775")


def test_the_preview_adds_up_to_a_call_without_a_cache(prices):
    price = price_of("gpt-6-sol")
    prompt_tokens, max_tokens = 300_000, 4_096

    told = input_cost(price, prompt_tokens) + answer_cost(price, prompt_tokens, max_tokens)

    # Past 272,000 tokens: $4 in and $15 out per million.
    assert told == Decimal("1.2") + Decimal("0.06144")
    assert told < worst_case(price, prompt_tokens, max_tokens)
