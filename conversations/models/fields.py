"""Money in the database: whole picodollars.

SQLite keeps Decimal columns as floating point and loses cents, so an amount is stored as a
64-bit count of 10⁻¹² USD: exact sums and comparisons everywhere, up to 9.2 million USD.
"""

from decimal import ROUND_HALF_EVEN, Decimal, Inexact, localcontext
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import (  # type: ignore[attr-defined] # missing in the stubs
    Combinable,
    register_combinable_fields,
)

PLACES = 12
LARGEST = Decimal(2**63 - 1).scaleb(-PLACES)


def to_picodollars(usd: Decimal | int | str) -> int:
    """Whole picodollars of an amount in USD.

    Raises ValueError for an amount that is not a whole number of them (rounding is for whoever
    computes a cost, see `round_usd`), for a float, and for one that does not fit 64 bits.
    """
    if isinstance(usd, float | bool):
        raise ValueError("money is never a float")
    try:
        with localcontext(prec=60) as context:
            context.traps[Inexact] = True  # or digits past the sixtieth would be rounded away
            scaled = Decimal(usd).scaleb(PLACES)
            is_whole = scaled.is_finite() and scaled == scaled.to_integral_value()
    except ArithmeticError as error:
        raise ValueError(f"{usd} is not an amount of USD") from error
    if not is_whole:
        raise ValueError(f"{usd} is not a whole number of picodollars")
    if not -(2**63) < scaled < 2**63:
        raise ValueError(f"{usd} USD does not fit")
    return int(scaled)


def to_usd(picodollars: int | Decimal) -> Decimal:
    with localcontext(prec=60):
        return Decimal(picodollars).scaleb(-PLACES)


def round_usd(usd: Decimal) -> Decimal:
    """To the last stored digit, half to even."""
    with localcontext(prec=60):
        return usd.quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_HALF_EVEN)


if TYPE_CHECKING:
    Field = models.Field[Decimal | int | Combinable | None, Any]
else:
    Field = models.Field


class UsdField(Field):
    """A Decimal of USD in Python, whole picodollars in the database.

    Not a BigIntegerField to Django, for which a sum of two such columns would be a whole number
    again: picodollars taken for dollars.
    """

    description = "USD, stored as whole picodollars"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else to_usd(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        try:
            return to_usd(to_picodollars(value))
        except (ValueError, TypeError) as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_picodollars(value)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(
            form_class=forms.DecimalField,
            **{"decimal_places": PLACES, "min_value": 0, "max_value": LARGEST, **kwargs},
        )


register_combinable_fields(UsdField, Combinable.ADD, UsdField, UsdField)
register_combinable_fields(UsdField, Combinable.SUB, UsdField, UsdField)
