"""The tables of usage as files: whole, exact, and of just what was asked for."""

import csv
import io
from datetime import date

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from tests.admin.ledger import book
from tests.admin.pages import USAGE


async def exported(client, name: str, **query) -> list[list[str]]:
    response = await client.get(f"{USAGE}{name}.csv", query)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="usage-{name}')
    text = b"".join([piece async for piece in response.streaming_content]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.django_db(transaction=True)
async def test_a_table_is_exported_whole_and_exact(async_client, used, carol):
    await async_client.aforce_login(carol)

    head, *users = await exported(async_client, "users", period="year")
    of_days = await exported(async_client, "days", period="year", model="mini")

    assert head[:3] == ["user", "cost_usd", "calls"]
    assert [row[:3] for row in users] == [
        ["bob", "2", "2"],
        ["alice", "0.875", "3"],
        ["(deleted accounts)", "0.0625", "2"],
    ]
    assert of_days[0][:3] == ["month", "mini", "cost_usd"]
    assert date.fromisoformat(of_days[1][0]) == timezone.localdate().replace(day=1)


@pytest.mark.django_db(transaction=True)
async def test_no_cell_is_a_formula(async_client, carol):
    await async_client.aforce_login(carol)
    await sync_to_async(book)(None, model="=HYPERLINK(1)")

    assert (await exported(async_client, "models"))[1][0] == "'=HYPERLINK(1)"
    assert (await exported(async_client, "days"))[0][1] == "'=HYPERLINK(1)"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["days", "users", "models", "purposes"])
async def test_a_cost_that_is_wholly_unknown_is_empty(async_client, carol, name):
    await async_client.aforce_login(carol)
    await sync_to_async(book)(None, model="dear", cost=None)

    head, row = await exported(async_client, name)

    found = dict(zip(head, row, strict=True))
    assert (found["cost_usd"], found["calls_of_unknown_cost"]) == ("", "1")
    assert found.get("dear", "") == ""


@pytest.mark.django_db(transaction=True)
async def test_no_cost_and_a_known_part_of_it_are_numbers(async_client, used, carol):
    await async_client.aforce_login(carol)

    (head, *rows) = await exported(async_client, "models")

    costs = {row[0]: row[head.index("cost_usd")] for row in rows}
    assert costs == {"large": "2", "mini": "0.8125", "free": "0"}


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"user": "999"}, "User: There is no such account."),
        ({"first": "2026-11-01"}, "A span has a first and a last day."),
        ({"purpose": "<b>"}, "Purpose: Select a valid choice. <b> is not one of"),
    ],
)
def test_what_makes_no_sense_is_not_exported_as_everybody(staff, used, query, complaint):
    response = staff.get(f"{USAGE}users.csv", query)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().startswith(complaint)


def test_there_is_no_other_table(staff):
    assert staff.get(f"{USAGE}people.csv").status_code == 404
