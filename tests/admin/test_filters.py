import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.admin import filters
from tests.admin.ledger import book, make_talk
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, choices, column
from tests.people import make_conversation, make_person


def test_a_column_offers_the_values_it_holds_empty_ones_named(staff):
    for reason in ("stop", "length", "stop", ""):
        book(None, finish_reason=reason)

    response = staff.get(COMPLETIONS)

    assert choices(response, "finish reason") == ["All", "(none)", "length", "stop"]


def test_a_column_offers_a_bounded_number_of_values_and_always_the_chosen_one(staff):
    for number in range(filters.MOST + 5):
        book(None, model=f"model-{number:03}")

    offered = choices(staff.get(COMPLETIONS, {"model": "model-054"}), "model")

    assert len(offered) == 1 + filters.MOST + 1
    assert offered[-1] == "model-054"


def test_people_are_those_who_have_rows_by_name(staff, alice):
    make_person("nobody")
    for name in ("Zoe", "bert"):
        make_conversation(make_person(name))

    assert choices(staff.get(CONVERSATIONS), "user") == ["All", "bert", "Zoe"]


@pytest.mark.parametrize("user", ["abc", "-1", "1.5", "", "\uff11", "\x00", "9" * 19])
def test_a_user_that_is_no_number_is_refused_politely(staff, user):
    response = staff.get(CONVERSATIONS, {"user": user})

    assert (response.status_code, response.url) == (302, f"{CONVERSATIONS}?e=1")


@pytest.mark.parametrize("user", ["0", "999999", "9" * 18])
def test_an_unknown_user_has_nothing(staff, alice, user):
    make_talk(alice)

    assert column(staff.get(CONVERSATIONS, {"user": user}), 0) == []


@pytest.mark.parametrize("value", ["never", "'; --", "\ud800"])
def test_an_unknown_value_finds_nothing(staff, value):
    book(None)

    for name in ("model", "finish_reason", "error"):
        address = f"{COMPLETIONS}?{name}=" + value.encode("utf-8", "surrogatepass").decode("latin1")
        assert column(staff.get(address), 0) == []


def test_choices_cost_as_many_queries_for_thirty_values_as_for_one(staff):
    book(None)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            staff.get(COMPLETIONS)
        return len(asked)

    once = queries()
    for number in range(30):
        book(None, model=f"m{number}", finish_reason=str(number), error=f"e{number}")

    assert queries() == once
