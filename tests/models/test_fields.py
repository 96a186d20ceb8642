"""Money in the database; the same on SQLite and on PostgreSQL."""

import json
from decimal import Decimal

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db.models import Avg, F, Max, Min, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.forms import modelform_factory
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Completion, ModelPrice, UsdField, round_usd
from conversations.models.fields import to_picodollars, to_usd
from tests.people import make_conversation
from tests.properties import amounts, modest

LARGEST = Decimal("9223372.036854775807")


def usd(text):
    return Decimal(text)


def store(*costs):
    Completion.objects.all().delete()
    return Completion.objects.bulk_create(Completion(model="m", cost=cost) for cost in costs)


def costs(calls):
    return list(calls.values_list("cost", flat=True))


# --- properties -----------------------------------------------------------------------------


@modest
@given(st.lists(amounts(), max_size=12))
def test_sums_and_extremes_are_exact(db, paid):
    store(*paid)

    found = Completion.objects.aggregate(
        total=Coalesce(Sum("cost"), Value(usd("0"), output_field=UsdField())),
        least=Min("cost"),
        most=Max("cost"),
    )

    assert found == {
        "total": sum(paid, usd("0")),
        "least": min(paid, default=None),
        "most": max(paid, default=None),
    }


@modest
@given(st.lists(amounts(1), min_size=1, max_size=8), st.data())
def test_comparisons_are_exact(db, paid, data):
    store(*paid)
    # An amount that is there, or a neighbour by one picodollar.
    probe = data.draw(st.sampled_from(paid)) + to_usd(data.draw(st.sampled_from([-1, 0, 1])))
    calls = Completion.objects.order_by("cost")

    assert costs(calls.filter(cost__lt=probe)) == sorted(c for c in paid if c < probe)
    assert costs(calls.filter(cost__lte=probe)) == sorted(c for c in paid if c <= probe)
    assert costs(calls.filter(cost=probe)) == [c for c in paid if c == probe]
    assert costs(calls.filter(cost__gte=probe)) == sorted(c for c in paid if c >= probe)
    assert costs(calls.filter(cost__gt=probe)) == sorted(c for c in paid if c > probe)
    assert costs(calls.filter(cost__in=[probe])) == [c for c in paid if c == probe]
    assert costs(calls.filter(cost__range=(probe, probe))) == [c for c in paid if c == probe]
    assert costs(calls.exclude(cost=probe)) == sorted(c for c in paid if c != probe)


@modest
@given(st.lists(amounts(), min_size=1, max_size=8))
def test_order_is_exact(db, paid):
    store(*paid)

    assert costs(Completion.objects.order_by("cost")) == sorted(paid)
    assert costs(Completion.objects.order_by("-cost")) == sorted(paid, reverse=True)
    assert costs(Completion.objects.order_by("cost").distinct()) == sorted(set(paid))


@pytest.mark.unaudited
@modest
@given(st.lists(amounts(), max_size=8))
def test_a_total_moved_by_each_cost_equals_their_sum(django_user_model, db, paid):
    django_user_model.objects.all().delete()
    conversation = make_conversation(django_user_model.objects.create(username="alice"))
    calls = type(conversation).objects.filter(pk=conversation.pk)

    for cost in paid:
        calls.update(cost=F("cost") + Value(cost, output_field=UsdField()))

    conversation.refresh_from_db()
    assert conversation.cost == sum(paid, usd("0"))
    assert calls.filter(cost=sum(paid)).count() == 1


@pytest.mark.unaudited
@modest
@given(amounts(), amounts())
def test_columns_can_be_added_and_compared(db, cost, reserved):
    Completion.objects.all().delete()
    Completion.objects.create(model="m", cost=cost, reserved=reserved)

    call = Completion.objects.annotate(
        both=F("cost") + F("reserved"), left=F("reserved") - F("cost")
    ).get()

    assert (call.both, call.left) == (cost + reserved, reserved - cost)
    assert Completion.objects.filter(cost__gt=F("reserved")).exists() == (cost > reserved)


@modest
@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_picodollars_and_usd_are_one_amount(picodollars):
    assert to_picodollars(to_usd(picodollars)) == picodollars
    assert to_picodollars(str(to_usd(picodollars))) == picodollars


# --- many rows ------------------------------------------------------------------------------


def test_a_thousand_cents_are_ten_dollars(db):
    store(*[usd("0.01")] * 1000)

    assert Completion.objects.aggregate(Sum("cost"))["cost__sum"] == 10
    assert Completion.objects.filter(cost=usd("0.01")).count() == 1000


def test_a_picodollar_beside_a_million_is_not_lost(db):
    store(usd("1000000"), usd("0.000000000001"))

    assert Completion.objects.aggregate(Sum("cost"))["cost__sum"] == usd("1000000.000000000001")


def test_sums_per_group_are_exact(db):
    for model, cost in [("a", "0.1"), ("a", "0.2"), ("b", "0.7"), ("b", None)]:
        Completion.objects.create(model=model, cost=cost and usd(cost))

    sums = (
        Completion.objects.order_by("model")
        .values("model")
        .annotate(spent=Sum("cost"), small=Sum("cost", filter=Q(cost__lt=usd("0.15"))))
    )

    assert list(sums.values_list("model", "spent", "small")) == [
        ("a", usd("0.3"), usd("0.1")),
        ("b", usd("0.7"), None),
    ]


def test_an_average_is_an_amount(db):
    store(usd("0.1"), usd("0.3"))

    assert Completion.objects.aggregate(Avg("cost")) == {"cost__avg": usd("0.2")}


@pytest.mark.unaudited
def test_sums_can_be_compared_with_each_other(db):
    Completion.objects.create(model="m", cost=usd("0.1"), reserved=usd("0.3"))
    Completion.objects.create(model="m", cost=usd("0.2"), reserved=usd("0.3"))

    sums = Completion.objects.aggregate(
        unused=Sum("reserved") - Sum("cost"), each=Sum(F("reserved") - F("cost"))
    )

    assert sums == {"unused": usd("0.3"), "each": usd("0.3")}


def test_an_amount_and_a_plain_number_are_not_added_by_mistake(db):
    with pytest.raises(FieldError):
        Completion.objects.annotate(more=F("cost") + 1).first()


def test_rows_updated_in_bulk_keep_their_amounts(db):
    first, second = store(usd("1"), usd("2"))
    first.cost, second.cost = usd("0.1"), None

    Completion.objects.bulk_update([first, second], ["cost"])

    assert costs(Completion.objects.order_by("pk")) == [usd("0.1"), None]


# --- single amounts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount",
    [usd("0"), usd("0.000000000001"), usd("0.005"), usd("19.99"), LARGEST, 3, None],
)
def test_an_amount_comes_back_as_it_went(db, amount):
    call = Completion.objects.create(model="m", cost=amount)

    call.refresh_from_db()

    assert (type(call.cost), call.cost) == (type(amount and usd("0")), amount)


def test_null_is_not_nothing(db):
    store(None, usd("0"))

    assert costs(Completion.objects.filter(cost=None)) == [None]
    assert costs(Completion.objects.filter(cost=0)) == [usd("0")]
    assert costs(Completion.objects.filter(cost__lt=usd("1"))) == [usd("0")]


REFUSED = {
    "float": 0.1,
    "whole float": 1.0,
    "bool": True,
    "thirteen places": usd("0.0000000000001"),
    "half a picodollar": usd("1.0000000000005"),
    "a seventieth place": usd("1." + "0" * 69 + "1"),
    "too large": LARGEST + usd("0.000000000001"),
    "far too large": usd("1e30"),
    "beyond any exponent": usd("1e999999"),
    "infinite": usd("Infinity"),
    "not a number": usd("NaN"),
    "signalling": usd("sNaN"),
    "words": "five",
    "list": [1],
}


@pytest.mark.parametrize("amount", REFUSED.values(), ids=REFUSED)
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises((ValueError, TypeError)):
        UsdField().get_prep_value(amount)
    with pytest.raises(ValidationError):
        UsdField().to_python(amount)


def test_a_float_is_neither_stored_nor_looked_up(db):
    with pytest.raises(ValueError, match="money is never a float"):
        Completion.objects.filter(cost=0.1).exists()
    with pytest.raises(ValueError, match="money is never a float"):
        Completion.objects.create(model="m", cost=0.1)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.005", usd("0.005")),
        (" 1.50 ", usd("1.5")),
        ("1e-12", usd("0.000000000001")),
        (usd("2"), usd("2")),
        (7, usd("7")),
        ("", None),
        (None, None),
    ],
)
def test_typed_amounts_are_read(text, amount):
    assert UsdField().to_python(text) == amount


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.0000000000005", "0"),
        ("0.0000000000015", "0.000000000002"),
        ("0.0000000000025", "0.000000000002"),
        ("0.00000000000250001", "0.000000000003"),
        ("1", "1"),
    ],
)
def test_rounding_is_half_to_even_at_the_last_place(exact, rounded):
    assert round_usd(usd(exact)) == usd(rounded)


# --- forms and dumps ------------------------------------------------------------------------

PriceForm = modelform_factory(ModelPrice, fields=["model", "valid_from", "input", "output"])
TYPED = {"model": "m", "valid_from": "2026-05-01", "input": "0.000000000001", "output": "8"}


def test_a_price_typed_into_a_form_is_stored_as_typed(db):
    PriceForm(TYPED).save()

    price = ModelPrice.objects.get()
    assert (price.input, price.output) == (usd("0.000000000001"), usd("8"))


def test_a_form_shown_and_sent_back_changes_nothing(db):
    price = PriceForm(TYPED).save()
    price.refresh_from_db()
    shown = PriceForm(instance=price)

    again = PriceForm({name: shown[name].value() for name in shown.fields}, instance=price)

    assert again.is_valid()
    assert again.changed_data == []
    assert again.save().input == usd("0.000000000001")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0.1234567890123", "Ensure that there are no more than 12 decimal places."),
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("9223372.04", "Ensure this value is less than or equal to 9223372.036854775807."),
        ("1e30", "Ensure this value is less than or equal to 9223372.036854775807."),
        ("NaN", "Enter a number."),
        ("five", "Enter a number."),
        ("", "This field is required."),
    ],
)
def test_a_form_says_what_is_wrong_with_an_amount(db, typed, words):
    assert PriceForm(TYPED | {"input": typed}).errors == {"input": [words]}


def test_a_dump_holds_and_restores_the_exact_amount(db):
    store(usd("0.000000000001"), None)

    dump = serializers.serialize("json", Completion.objects.order_by("pk"))
    Completion.objects.all().delete()
    for row in serializers.deserialize("json", dump):
        row.save()

    assert [row["fields"]["cost"] for row in json.loads(dump)] == ["1E-12", None]
    assert costs(Completion.objects.order_by("pk")) == [usd("0.000000000001"), None]
