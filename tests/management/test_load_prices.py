from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from conversations.accounting import price_of
from conversations.management.commands.load_prices import TABLE
from conversations.models import ModelPrice

LOADED = date(2026, 11, 1)


def load():
    said = StringIO()
    call_command("load_prices", stdout=said)
    return said.getvalue()


def facts(model, *names):
    price = ModelPrice.objects.get(model=model)
    return tuple(getattr(price, name) for name in names)


def test_every_row_of_the_table_is_loaded_once_and_the_demo_beside_it(db):
    rows = [line.split(",")[0] for line in TABLE.read_text().splitlines()[2:]]

    assert load() == f"{len(rows) + 1} prices loaded, 0 were there.\n"

    assert set(ModelPrice.objects.values_list("model", flat=True)) == {*rows, "demo"}
    assert ModelPrice.objects.count() == len(rows) + 1


def test_the_table_says_where_it_comes_from():
    assert TABLE.read_text().startswith("# litellm 1.106.2 (MIT)")


def test_loading_again_changes_nothing(db):
    load()
    before = list(ModelPrice.objects.order_by("pk").values())

    assert load() == f"0 prices loaded, {len(before)} were there.\n"

    assert list(ModelPrice.objects.order_by("pk").values()) == before


def test_a_row_that_somebody_edited_is_left(db):
    load()
    ModelPrice.objects.filter(model="gpt-4o").update(input=Decimal("1.99"))

    load()

    assert facts("gpt-4o", "input") == (Decimal("1.99"),)


def test_a_later_row_of_ones_own_wins_over_the_table(db):
    load()
    own = {"input": Decimal(9), "output": Decimal(9)}
    ModelPrice.objects.create(model="gpt-4o", valid_from=date(2026, 11, 2), **own)
    ModelPrice.objects.create(model="gpt-4o", valid_from=date(2026, 10, 1), **own)
    ModelPrice.objects.create(model="house-model", valid_from=LOADED, **own)

    load()

    assert price_of("gpt-4o").valid_from == date(2026, 11, 2)
    assert price_of("house-model").input == 9
    assert price_of("gpt-4o-mini").valid_from == LOADED


PRICES = ("input", "cached_input", "cache_write", "output")
SIZES = ("max_input", "context_window", "max_output")


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("demo", ("0.25", "0.025", None, "2")),
        ("gpt-4o", ("2.5", "1.25", None, "10")),
        ("gpt-4-turbo", ("10", None, None, "30")),
        ("gpt-6-luna", ("0.1", "0.01", "0.125", "0.5")),
        ("ft:gpt-4o-mini-2024-07-18", ("0.3", "0.15", None, "1.2")),
    ],
)
def test_prices_are_exact_and_what_is_not_given_stays_blank(db, model, prices):
    load()

    assert facts(model, *PRICES) == tuple(price and Decimal(price) for price in prices)


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        ("demo", (120_000, 128_000, 8_000)),
        ("gpt-4o", (128_000, 128_000, 16_384)),
        ("gpt-5-mini", (272_000, 400_000, 128_000)),
        ("gpt-rosalind-discovery", (None, None, None)),
    ],
)
def test_a_window_is_the_prompts_but_for_the_models_that_split_it(db, model, sizes):
    load()

    assert facts(model, *SIZES) == sizes


@pytest.mark.parametrize(
    ("model", "dearer"),
    [
        ("gpt-6-sol", (272_000, Decimal(4), Decimal(15))),
        ("gpt-4o", (None, None, None)),
    ],
)
def test_dearer_prices_come_with_their_threshold(db, model, dearer):
    load()

    assert facts(model, "threshold", "input_above", "output_above") == dearer


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", (True, False, None)),
        ("gpt-5-mini", (True, True, None)),
        ("o1-pro", (False, True, date(2026, 10, 23))),
        ("demo", (True, False, None)),
    ],
)
def test_what_a_model_is(db, model, expected):
    load()

    assert facts(model, "takes_chat_completions", "is_reasoning", "withdrawn_on") == expected


def test_nothing_is_said_where_nobody_listens(db):
    said = StringIO()

    call_command("load_prices", stdout=said, verbosity=0)

    assert said.getvalue() == ""
