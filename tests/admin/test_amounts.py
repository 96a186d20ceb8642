from decimal import Decimal

import pytest

from conversations.admin.amounts import UsdInput, count, exact, in_words, plain
from conversations.models import Completion


@pytest.mark.parametrize(
    ("usd", "written"),
    [
        (None, ""),
        (Decimal(0), "0"),
        (Decimal("0E-12"), "0"),
        (Decimal("0.250000000000"), "0.25"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E-12"), "0.000000000001"),
        (Decimal("1E+2"), "100"),
        (Decimal("120.000000000000"), "120"),
        (Decimal("9223372.036854775807"), "9223372.036854775807"),
    ],
)
def test_plain_has_no_exponent_and_no_idle_zeros(usd, written):
    assert plain(usd) == written


@pytest.mark.parametrize(
    ("cost", "calls", "unknown", "words"),
    [
        (Decimal(0), 0, 0, "$0.0000"),
        (Decimal("0.001"), 3, 0, "$0.0010"),
        (Decimal("0.001"), 3, 1, "$0.0010 + 1 unknown"),
        (Decimal("0.001"), 5000, 1200, "$0.0010 + 1,200 unknown"),
        (Decimal(0), 2, 2, "cost unknown"),
        (None, 2, 2, "cost unknown"),
    ],
)
def test_in_words_never_hides_what_is_unknown(cost, calls, unknown, words):
    assert in_words(cost, calls, unknown) == words


def test_a_column_shows_nothing_as_the_admin_does():
    call = Completion(price_input=Decimal("0.250000000000"), prompt_tokens=1204, duration_ms=None)

    assert exact("price_input")(call) == "0.25"
    assert exact("price_output")(call) == "-"
    assert count("prompt_tokens")(call) == "1,204"
    assert count("duration_ms")(call) == "-"


def test_a_field_holds_a_price_as_one_writes_it():
    field = UsdInput()

    assert [field.format_value(value) for value in (Decimal("0.250000000000"), "1,5", None)] == [
        "0.25",
        "1,5",
        None,
    ]
