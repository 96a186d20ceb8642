from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conversations import accounting
from conversations.models import Completion, ModelPrice
from tests.admin.ledger import book
from tests.admin.pages import PRICES, choices, column, rows, words

MODEL, FROM, STATE, INPUT = range(4)


def make_price(model="gpt-5", days=-10, **fields) -> ModelPrice:
    """A row in force since so many days."""
    return ModelPrice.objects.create(
        **{
            "model": model,
            "valid_from": timezone.localdate() + timedelta(days=days),
            "input": Decimal("0.25"),
            "output": Decimal(2),
            **fields,
        }
    )


def page(client, price):
    return client.get(f"{PRICES}{price.pk}/change/")


def typed(price: ModelPrice, **changes) -> dict[str, str]:
    """What the form sends."""
    columns = ("model", "valid_from", "input", "cached_input", "output", "max_output")
    now = {column: getattr(price, column) for column in columns} | changes
    return {column: "" if value is None else str(value) for column, value in now.items()}


def save(client, price, **changes):
    return client.post(f"{PRICES}{price.pk}/change/", typed(price, **changes))


def add(client, **changes):
    like = ModelPrice(model="gpt-5", input=Decimal(1), output=Decimal(2), valid_from=date.today())
    return client.post(f"{PRICES}add/", typed(like, **changes))


def test_the_list_shows_plain_prices_and_which_row_holds(staff):
    make_price(days=-20, input=Decimal("0.5"))
    make_price(days=-10)
    make_price(days=10, input=Decimal("1E-7"))
    make_price("gpt-4", days=-20)

    shown = [row[MODEL : INPUT + 1] for row in rows(staff.get(PRICES))]

    assert [[model, state, usd] for model, _, state, usd in shown] == [
        ["gpt-4", "in force", "0.25"],
        ["gpt-5", "to come", "0.0000001"],
        ["gpt-5", "in force", "0.25"],
        ["gpt-5", "past", "0.5"],
    ]


def test_the_list_asks_as_often_for_three_rows_as_for_one(staff, django_assert_max_num_queries):
    make_price()
    with django_assert_max_num_queries(30) as asked:
        staff.get(PRICES)
    once = len(asked)
    make_price(days=5)
    make_price("gpt-4")
    with django_assert_max_num_queries(once):
        staff.get(PRICES)


def test_models_are_searched_and_filtered(staff):
    make_price("gpt-5")
    make_price("whisper-1", takes_chat_completions=False)

    assert column(staff.get(PRICES, {"q": "whis"}), MODEL) == ["whisper-1"]
    assert column(staff.get(PRICES, {"model": "gpt-5"}), MODEL) == ["gpt-5"]
    assert column(staff.get(PRICES, {"takes_chat_completions__exact": "0"}), MODEL) == ["whisper-1"]
    assert choices(staff.get(PRICES), "model") == ["All", "gpt-5", "whisper-1"]


def test_the_form_shows_prices_as_one_writes_them(staff):
    html = page(staff, make_price(cached_input=Decimal("0.025"))).content.decode()

    assert 'name="input" value="0.25"' in html
    assert 'name="cached_input" value="0.025"' in html
    assert 'name="output" value="2"' in html


def test_who_may_only_look_sees_them_as_plain(staff_with):
    price = make_price()

    shown = words(page(staff_with("view_modelprice"), price).content.decode())

    assert "Input: 0.25 Cached input: -" in shown


def test_a_row_that_has_priced_nothing_can_be_edited(staff):
    price = make_price()
    book(None, model="gpt-4")

    assert save(staff, price, input="0.30").status_code == 302
    price.refresh_from_db()
    assert price.input == Decimal("0.3")


def test_a_row_to_come_can_be_edited_though_its_model_is_used(staff):
    price = make_price(days=5)
    book(None, model="gpt-5")

    save(staff, price, input="0.30")

    price.refresh_from_db()
    assert price.input == Decimal("0.3")


def test_a_row_that_has_priced_calls_keeps_its_prices(staff):
    price = make_price()
    book(None, model="gpt-5")

    shown = words(page(staff, price).content.decode())
    changes = {
        "input": "9",
        "output": "9",
        "threshold": "1",
        "model": "x",
        "valid_from": "2030-1-1",
    }
    save(staff, price, **changes)

    assert "its prices stay as they are. Add a new dated row instead." in shown
    kept = ModelPrice.objects.get()
    assert (kept.model, kept.valid_from, kept.input, kept.output, kept.threshold) == (
        price.model,
        price.valid_from,
        price.input,
        price.output,
        None,
    )


def test_its_sizes_and_its_withdrawal_can_be_put_right(staff):
    price = make_price()
    book(None, model="gpt-5")

    save(staff, price, max_output="99", withdrawn_on="2027-01-01")

    price.refresh_from_db()
    assert (price.max_output, price.withdrawn_on) == (99, date(2027, 1, 1))


def test_a_call_before_its_day_does_not_settle_a_row(staff):
    price = make_price(days=-1)
    book(None, model="gpt-5")
    Completion.objects.update(created_at=timezone.now() - timedelta(days=3))

    save(staff, price, input="0.30")

    price.refresh_from_db()
    assert price.input == Decimal("0.3")


@pytest.mark.parametrize(("hour", "is_settled"), [(4, False), (6, True)])
def test_days_begin_by_the_calendar_that_prices_calls(staff, settings, hour, is_settled):
    settings.TIME_ZONE = "America/New_York"
    price = make_price(valid_from=date(2026, 11, 10))
    book(None, model="gpt-5")
    call = datetime(2026, 11, 10, hour, tzinfo=UTC)
    Completion.objects.update(created_at=call)

    assert (accounting.price_on("gpt-5", call) == price) == is_settled
    assert (b"stay as they are" in page(staff, price).content) == is_settled


def test_the_way_to_a_new_row_begins_with_the_old_one(staff):
    price = make_price(max_output=5, takes_chat_completions=False)
    book(None, model="gpt-5")

    html = page(staff, price).content.decode()
    address = html.partition(f'href="{PRICES}add/?')[2].partition('"')[0].replace("&amp;", "&")
    form = staff.get(f"{PRICES}add/?{address}").content.decode()

    for field in (
        'name="model" value="gpt-5"',
        f'name="valid_from" value="{timezone.localdate()}"',
        'name="input" value="0.25"',
        'name="max_output" value="5"',
    ):
        assert field in form
    assert 'name="takes_chat_completions" id="id_takes_chat_completions">' in form


def test_a_new_row_leaves_what_calls_have_cost(staff):
    make_price()
    call = book(None, model="gpt-5", cost=Decimal("0.00003"))

    assert add(staff, input="9").status_code == 302

    call.refresh_from_db()
    assert (call.price_input, call.cost) == (Decimal("0.25"), Decimal("0.00003"))
    assert accounting.price_of("gpt-5").input == 9


def test_a_new_row_may_not_begin_before_calls_that_have_been_priced(staff):
    book(None, model="gpt-5")
    yesterday = timezone.localdate() - timedelta(days=1)

    response = add(staff, valid_from=yesterday)

    assert "Calls since that day have been priced already." in words(response.content.decode())
    assert ModelPrice.objects.count() == 0


@pytest.mark.parametrize("days", [0, 1])
def test_a_new_row_may_begin_today_or_later(staff, days):
    book(None, model="gpt-5")

    add(staff, valid_from=timezone.localdate() + timedelta(days=days))

    assert ModelPrice.objects.count() == 1


def test_a_row_of_a_model_that_nobody_used_may_begin_when_it_likes(staff):
    add(staff, valid_from="0001-01-01")

    assert ModelPrice.objects.count() == 1


@pytest.mark.parametrize("usd", ["-1", "abc", "NaN", "1e-13", "10000000"])
def test_a_price_that_is_none_is_refused(staff, usd):
    response = add(staff, input=usd)

    assert (response.status_code, ModelPrice.objects.count()) == (200, 0)


def test_two_rows_of_a_day_are_refused(staff):
    make_price(days=0)

    assert add(staff).status_code == 200


def test_only_a_row_that_has_priced_nothing_can_be_deleted(staff):
    used, unused = make_price(), make_price("gpt-4")
    book(None, model="gpt-5")

    answers = [
        staff.post(f"{PRICES}{price.pk}/delete/", {"post": "yes"}).status_code
        for price in (used, unused)
    ]

    assert answers == [403, 302]
    assert list(ModelPrice.objects.all()) == [used]


def test_many_are_never_deleted_at_once(staff):
    price = make_price()

    staff.post(PRICES, {"action": "delete_selected", "_selected_action": [price.pk], "post": "yes"})

    assert ModelPrice.objects.count() == 1
