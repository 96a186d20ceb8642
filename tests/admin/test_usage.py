"""The page of usage: every number is right, and leads to just the calls that it is of."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.admin.amounts import in_words
from conversations.models import Budget, Completion, DayUsage
from tests.admin.ledger import book, make_talk
from tests.admin.pages import COMPLETIONS, USAGE, words
from tests.people import make_person

YEAR = {"period": "year"}


def tile(response, name: str) -> str:
    html = response.content.decode()
    return words(html.partition(f"<dt>{name}</dt>")[2].partition("</dd>")[0])


def table(response, name: str) -> list[dict[str, str]]:
    """The rows of a table as HTML, each cell by the words at its column's head."""
    part = response.content.decode().partition(f'id="{name}"')[2].partition("</section>")[0]
    lines = [re.findall(r"<t[hd].*?</t[hd]>", row, re.S) for row in part.split("<tr>")[1:]]
    head, *rows = lines or [[]]
    return [dict(zip(map(words, head), row, strict=True)) for row in rows]


def shown(response, name: str) -> list[dict[str, str]]:
    """The same as one reads it."""
    return [{head: words(cell) for head, cell in row.items()} for row in table(response, name)]


def behind(client, cell: str) -> list[Completion]:
    """The calls that the ledger lists where a cell leads."""
    (address,) = re.findall(r'href="([^"]*)"', cell)
    response = client.get(unescape(address))
    assert response.status_code == 200
    return list(response.context["cl"].queryset)


def reckoned(head: str, calls: list[Completion], of: list[Completion]) -> str:
    """What a cell should say, from the ledger's rows where it leads, and those of its whole row."""

    def total(name: str, rows=calls) -> int:
        return sum(getattr(call, name) for call in rows)

    match head:
        case "Calls" | "Without a price":
            return f"{len(calls):,}"
        case "Prompt tokens":
            return f"{total('prompt_tokens'):,}"
        case "Completion tokens":
            return f"{total('completion_tokens'):,}"
        case "Errors" | "Estimated usage":
            return f"{len(calls)} ({100 * len(calls) / len(of):.1f} %)" if calls else "0"
        case "Cached":
            prompts = total("prompt_tokens", of)
            return f"{100 * total('cached_tokens') / prompts:.1f} %" if prompts else "-"
        case "Estimates were off by":
            told = total("prompt_tokens")
            return f"{100 * total('estimated_prompt_tokens') / told - 100:+.1f} %" if told else "-"
    known = [call.cost for call in calls if call.cost is not None]
    return in_words(sum(known, Decimal(0)), len(calls), len(calls) - len(known))


@pytest.mark.parametrize("query", [{}, {"purpose": "answer"}, {"model": "mini"}, {"user": "0"}])
@pytest.mark.parametrize("name", ["days", "users", "groups", "models", "purposes"])
def test_every_number_of_a_table_is_of_just_the_calls_that_it_leads_to(staff, used, name, query):
    rows = table(staff.get(USAGE, YEAR | query), name)

    assert rows or (name, query) == ("groups", {"user": "0"})
    for row in rows:
        (_, *numbers) = row.items()
        for head, cell in numbers:
            if words(cell) == "-" and "href" not in cell:
                continue  # a model that nobody called on that day
            calls, of = behind(staff, cell), behind(staff, row["Calls"])
            assert (head, words(cell)) == (head, reckoned(head, calls, of))


def test_every_number_of_the_sum_is_of_just_the_calls_that_it_leads_to(staff, used):
    response = staff.get(USAGE, YEAR)
    tiles = dict(
        re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", response.content.decode(), re.S)
    )
    pace = tiles.pop(next(name for name in tiles if name.startswith("Pace")))

    assert "href" not in pace
    assert len(tiles) == 9
    of = behind(staff, tiles["Calls"])
    for head, cell in tiles.items():
        assert (head, words(cell)) == (head, reckoned(head, behind(staff, cell), of))


def test_the_sum_of_all(staff, used):
    response = staff.get(USAGE, YEAR)

    assert tile(response, "Cost") == "$2.94 + 2 unknown"
    assert tile(response, "Calls") == "7"
    assert tile(response, "Prompt tokens") == "600"
    assert tile(response, "Cached") == "6.7 %"
    assert tile(response, "Errors") == "2 (28.6 %)"
    assert tile(response, "Estimated usage") == "1 (14.3 %)"
    assert tile(response, "Without a price") == "2"


def test_the_pace_says_what_it_does_not_know(staff, alice):
    book(None, user=alice, cost=None)
    unknown = staff.get(USAGE).content.decode()
    book(None, user=alice, cost=Decimal("1.5"))

    html = staff.get(USAGE).content.decode()

    assert pace_of(unknown)[0] == "cost unknown"
    assert "cost unknown, and every day like those" in pace_of(unknown)[1]
    number, note = pace_of(html)
    assert re.fullmatch(r"\$[\d.]+ \+ 1 unknown", number)
    assert "$1.50 + 1 unknown, and every day like those" in note


def pace_of(html: str) -> list[str]:
    """The number of the tile, and the line below."""
    tile = html.partition("<dt>Pace")[2].partition("</div>")[0]
    return [words(part) for part in re.findall(r"<dd.*?</dd>", tile, re.S)]


def test_days_are_by_model_and_the_rest_is_one_column(staff, alice):
    for number in range(9):
        book(None, user=alice, model=f"m{number}", cost=Decimal(9 - number))

    (row,) = table(staff.get(USAGE, {"period": "today"}), "days")

    assert list(row)[1:9] == [*(f"m{number}" for number in range(6)), "other models", "All"]
    assert words(row["other models"]) == "$6.00"
    assert {call.model for call in behind(staff, row["other models"])} == {"m6", "m7", "m8"}


def test_a_name_leads_to_usage_of_just_that(staff, used, alice):
    (row,) = (r for r in table(staff.get(USAGE, YEAR), "users") if "alice" in r["User"])

    (address,) = re.findall(r'href="([^"]*)"', row["User"])
    response = staff.get(unescape(address))

    assert tile(response, "Calls") == "3"
    assert shown(response, "users") == [{**shown(response, "users")[0], "User": "alice"}]


def test_users_come_in_pages(staff, db):
    for number in range(60):
        book(None, user=make_person(f"p{number:02}"), cost=Decimal(60 - number))

    first, second = (shown(staff.get(USAGE, {"p": page}), "users") for page in ("1", "2"))

    assert [row["User"] for row in (*first, *second)] == [f"p{number:02}" for number in range(60)]
    assert len(first) == 50


def test_budgets_and_what_is_spent_of_them(staff, used, alice, bob):
    Budget.objects.create(scope="site", limit=Decimal(5))
    Budget.objects.create(scope="group", group=used, limit=Decimal(10))
    Budget.objects.create(scope="each", limit=Decimal(1))

    of_site = table(staff.get(USAGE), "budgets")
    of_group = table(staff.get(USAGE, {"group": used.pk}), "budgets")
    of_alice = table(staff.get(USAGE, {"user": alice.pk}), "budgets")

    assert [words(row["Spent"]) for row in of_site] == ["$2.81"]
    assert [words(row["Spent"]) for row in of_group] == ["$2.81", "$2.75"]
    assert [words(row["Spent"]) for row in of_alice] == ["$0.7500", "$2.81", "$2.75"]
    for row in (*of_site, *of_group, *of_alice):
        calls = behind(staff, row["Spent"])
        assert reckoned("Cost", calls, calls).partition(" +")[0] == words(row["Spent"])


def test_a_group_that_somebody_left_still_leads_to_what_it_spent(staff, used, alice):
    Budget.objects.create(scope="group", group=used, limit=Decimal(10))
    alice.groups.clear()

    row = table(staff.get(USAGE, {"group": used.pk}), "budgets")[0]

    assert words(row["Spent"]) == "$2.75"
    assert sum(call.cost or 0 for call in behind(staff, row["Spent"])) == Decimal("2.75")


def test_a_daily_budget_is_a_line_in_the_chart_of_all(staff, used):
    Budget.objects.create(scope="site", period="day", limit=Decimal(4))

    assert "limit, $4.00" in staff.get(USAGE).content.decode()
    assert "limit, $4.00" not in staff.get(USAGE, {"model": "mini"}).content.decode()


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"period": "never"}, "Period: Select a valid choice."),
        ({"first": "yesterday", "last": "2026-11-01"}, "From: Enter a valid date."),
        ({"first": "2026-11-01"}, "A span has a first and a last day."),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "The first day is after the last one."),
        ({"first": "2001-01-01", "last": "2026-01-01"}, "A span is at most 10 years long."),
        ({"first": "0001-01-01", "last": "0001-01-02"}, "From: Ensure this value is"),
        ({"first": "9999-12-30", "last": "9999-12-31"}, "From: Ensure this value is"),
        ({"user": "abc"}, "User: Enter a whole number."),
        ({"user": "99999"}, "User: There is no such account."),
        ({"user": "9" * 30}, "User: Ensure this value is"),
        ({"group": "-1"}, "Group: Ensure this value is"),
        ({"group": "7"}, "Group: There is no such group."),
        ({"model": "\x00"}, "Model: Null characters are not allowed."),
        ({"model": "m" * 101}, "Model: Ensure this value has at most 100"),
        ({"purpose": "<b>"}, "Purpose: Select a valid choice. &lt;b&gt; is not"),
    ],
)
def test_what_makes_no_sense_is_said_and_this_month_is_shown(staff, used, query, complaint):
    response = staff.get(USAGE, query)

    html = response.content.decode()
    assert response.status_code == 200
    assert complaint in html
    assert "Shown is this month." in html
    assert tile(response, "Calls") == "5"


@pytest.mark.parametrize("query", [{"model": "unheard of"}, {"p": "x"}, {"p": "99"}, {"p": "-1"}])
def test_what_finds_nothing_is_no_mistake(staff, used, query):
    html = staff.get(USAGE, query).content.decode()

    assert "Shown is this month." not in html


def test_an_empty_site_has_a_page(staff):
    response = staff.get(USAGE)

    assert response.status_code == 200
    assert tile(response, "Cost") == "$0.0000"
    assert "Nothing was called." in response.content.decode()


def test_names_are_text(staff, db):
    nasty = "<script>alert(1)</script>"
    person = make_person(nasty)
    person.groups.add(Group.objects.create(name="<i>team</i>"))
    book(None, user=person, model='"><b>model')

    for query in ({}, {"user": person.pk}, {"model": '"><b>model'}):
        html = staff.get(USAGE, query).content.decode()
        assert nasty not in html
        assert "<i>team" not in html
        assert "<b>model" not in html
        assert "&lt;script&gt;" in html


def test_titles_are_not_shown(staff, alice):
    make_talk(alice, title="A secret title", question="A secret question")

    assert "secret" not in staff.get(USAGE).content.decode()


def test_staff_need_the_right_to_see_it(staff_with, used):
    client = staff_with("view_completion", "view_conversation")

    for address in (USAGE, f"{USAGE}users.csv"):
        assert client.get(address).status_code == 403


def test_who_may_see_usage_alone_has_numbers_without_links(staff_with, used):
    response = staff_with("view_dayusage").get(USAGE, YEAR)

    assert tile(response, "Calls") == "7"
    assert "alice" in response.content.decode()
    assert COMPLETIONS not in response.content.decode()


def test_nobody_else_gets_in(client, used, alice):
    assert client.get(USAGE).status_code == 302
    client.force_login(alice)
    assert client.get(USAGE).status_code == 302
    assert client.get(f"{USAGE}days.csv").status_code == 302


def test_usage_is_read_only(staff, used):
    (row,) = DayUsage.objects.filter(model="free")

    assert staff.get(f"{USAGE}{row.pk}/change/").status_code == 403
    assert staff.get(f"{USAGE}add/").status_code == 403
    assert staff.get(f"{USAGE}{row.pk}/delete/").status_code == 403
    staff.post(USAGE, {"action": "delete_selected", "_selected_action": row.pk})
    assert DayUsage.objects.filter(pk=row.pk).exists()


def test_it_asks_as_often_for_thirty_people_as_for_three(staff):
    def queries(people):
        for number in people:
            person = make_person(f"p{number}")
            person.groups.add(Group.objects.create(name=f"g{number}"))
            book(None, user=person, model=f"m{number}")
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(USAGE).status_code == 200
        return len(asked)

    assert queries(range(3)) == queries(range(3, 30))
