import csv
import io
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async

from conversations.admin import export
from conversations.admin.export import COLUMNS, cell, lines
from tests.admin.ledger import book, make_talk
from tests.admin.pages import COMPLETIONS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(async_client, carol):
    """The site as it runs: a synchronous one would have to gather the whole answer first."""
    async_client.force_login(carol)
    return async_client


async def table(response) -> list[list[str]]:
    text = b"".join([piece async for piece in response.streaming_content]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


async def exported(client, column: str, **query) -> list[str]:
    header, *body = await table(await client.get(f"{COMPLETIONS}export/", query))
    return [row[header.index(column)] for row in body]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("0.001000000000"), "0.001"),
        (datetime(2026, 11, 3, 9, 5, 7, 999, tzinfo=UTC), "2026-11-03T09:05:07Z"),
        (
            datetime(2026, 11, 3, 0, 30, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-02T22:30:00Z",
        ),
        ("gpt-5", "gpt-5"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        (" =1", "' =1"),
        ("\xa0=1", "'\xa0=1"),
        ("\x00=1", "'\x00=1"),
        ("\u200b\ufeff=1", "'\u200b\ufeff=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff201", "'\uff201"),
        ("x;=1", "x;'=1"),
        ("x; =1;\n-1", "x;' =1;\n'-1"),
        ("a - b; c = d", "a - b; c = d"),
        ('"=1', "'\"=1"),
        ('x;"=1+1;"', 'x;\'"=1+1;"'),
        (-1, "-1"),
        (Decimal("-0.5"), "-0.5"),
        (date(2026, 11, 3), "2026-11-03"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_a_cell_is_plain_and_never_a_formula(value, written):
    assert cell(value) == written


def test_lines_quote_every_cell():
    assert lines([["a;b", 'say "hi", twice', 2, None]]) == '"a;b","say ""hi"", twice","2",""\r\n'


async def test_the_file_says_that_it_is_utf_8(client, alice):
    await sync_to_async(make_talk)(alice)

    response = await client.get(f"{COMPLETIONS}export/")
    text = b"".join([piece async for piece in response.streaming_content])

    assert text.startswith(b'\xef\xbb\xbf"id","started"')
    assert text.count(b"\xef\xbb\xbf") == 1


async def test_a_row_holds_the_whole_call(client, alice):
    talk = await sync_to_async(make_talk)(
        alice,
        call={
            "cost": Decimal("0.00000305"),
            "prompt_tokens": 1200,
            "upstream_id": "=cmd",
            "ended_at": datetime(2026, 11, 3, 9, 5, tzinfo=UTC),
        },
    )

    header, row = await table(await client.get(f"{COMPLETIONS}export/"))

    assert header == list(COLUMNS)
    found = dict(zip(header, row, strict=True))
    assert found["user"] == "alice"
    assert found["conversation"] == str(talk.pk)
    assert (found["prompt_tokens"], found["is_estimated"]) == ("1200", "no")
    assert (found["cost_usd"], found["price_input"]) == ("0.00000305", "0.0025")
    assert (found["price_output"], found["error"]) == ("0.0025", "")
    assert (found["ended"], found["upstream_id"]) == ("2026-11-03T09:05:00Z", "'=cmd")


async def test_an_unknown_cost_is_empty_and_no_cost_is_zero(client):
    await sync_to_async(book)(None, cost=None)
    await sync_to_async(book)(None, cost=Decimal(0))

    assert await exported(client, "cost_usd", o="-1") == ["0", ""]


async def test_the_file_has_a_name_and_a_type(client):
    response = await client.get(f"{COMPLETIONS}export/")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="completions-{datetime.now(UTC):%Y-%m-%d}.csv"'
    )


async def test_what_is_filtered_is_exported_all_its_pages(client):
    for number in range(120):
        await sync_to_async(book)(None, model="a" if number else "b")

    assert await exported(client, "model", model="b") == ["b"]
    assert len(await exported(client, "model")) == 120
    assert len(await exported(client, "model", model="a", p="2")) == 119


async def test_an_address_that_makes_no_sense_leads_to_the_list(client):
    response = await client.get(f"{COMPLETIONS}export/", {"user": "x"})

    assert (response.status_code, response.url) == (302, COMPLETIONS)


async def test_selected_rows_are_exported_and_all_of_them_across_pages(client):
    calls = [await sync_to_async(book)(None, finish_reason=name) for name in ("a", "b", "c")]
    chosen = {"action": "export_selected", "_selected_action": [calls[0].pk, calls[2].pk]}

    some = await table(await client.post(COMPLETIONS, chosen))
    every = await table(await client.post(COMPLETIONS, {**chosen, "select_across": "1"}))

    assert (len(some), len(every)) == (3, 4)


async def test_rows_leave_the_database_in_pieces_and_nothing_warns(client, monkeypatch):
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        await sync_to_async(book)(None)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        response = await client.get(f"{COMPLETIONS}export/")
        pieces = [piece async for piece in response.streaming_content]

    assert [piece.count(b"\r\n") for piece in pieces] == [1, 2, 2, 1]


async def test_the_texts_of_a_conversation_stay_in_it(client, alice):
    await sync_to_async(make_talk)(alice, "A secret question", title="A secret title")

    response = await client.get(f"{COMPLETIONS}export/")
    text = b"".join([piece async for piece in response.streaming_content])

    assert b"secret" not in text
