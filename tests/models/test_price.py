from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from conversations.models import ModelPrice

PRICE = {"model": "m", "valid_from": date(2026, 5, 1), "input": Decimal(2), "output": Decimal(8)}


def test_a_model_has_one_price_a_day(db):
    ModelPrice.objects.create(**PRICE)

    with pytest.raises(IntegrityError):
        ModelPrice.objects.create(**PRICE | {"input": Decimal(3)})


def test_other_days_and_other_models_have_their_own(db):
    for change in ({}, {"valid_from": date(2026, 5, 2)}, {"model": "n"}):
        ModelPrice.objects.create(**PRICE | change)

    assert ModelPrice.objects.count() == 3


@pytest.mark.parametrize(
    "field", ["input", "cached_input", "cache_write", "output", "input_above", "output_above"]
)
def test_no_price_is_negative(db, field):
    price = ModelPrice(**PRICE | {field: Decimal("-0.000000000001")})

    with pytest.raises(ValidationError):
        price.full_clean()
    with pytest.raises(IntegrityError):
        price.save()


@pytest.mark.parametrize("field", ["threshold", "max_input", "context_window", "max_output"])
def test_no_size_is_negative(db, field):
    with pytest.raises(IntegrityError):
        ModelPrice.objects.create(**PRICE | {field: -1})


def test_blank_prices_are_allowed(db):
    price = ModelPrice(**PRICE)

    price.full_clean()
    price.save()

    price.refresh_from_db()
    assert (price.cached_input, price.cache_write, price.input_above) == (None, None, None)


def test_the_newest_row_of_a_day_is_the_models(db):
    for day in (1, 3, 2):
        ModelPrice.objects.create(**PRICE | {"valid_from": date(2026, 5, day)})

    found = ModelPrice.objects.for_model("m", date(2026, 5, 2))

    assert found.valid_from == date(2026, 5, 2)
