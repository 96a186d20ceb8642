"""A conversation taken away from its page: streamed, named safely, logged."""

import csv
import io
import json

import pytest
from asgiref.sync import sync_to_async

from conversations.models import FlagReason, TranscriptView
from conversations.review import flags, notes
from tests.admin.ledger import ask, book, make_talk
from tests.admin.reviewing import address, make_reviewer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(async_client, carol):
    """The site as it runs: a synchronous one would have to gather the whole answer first."""
    async_client.force_login(carol)
    return async_client


@pytest.fixture
def talk(alice):
    return make_talk(alice, title='Tea "for" two\r\n')


async def text(response) -> str:
    return b"".join([piece async for piece in response.streaming_content]).decode()


@pytest.mark.parametrize(
    ("act", "kind", "ending"),
    [
        ("markdown", "text/markdown; charset=utf-8", "md"),
        ("json", "application/json; charset=utf-8", "json"),
    ],
)
async def test_a_file_has_a_type_and_a_name_of_ascii(client, talk, act, kind, ending):
    response = await client.get(address(talk, act))

    name = f"tea-for-two-{talk.pk.hex[:8]}.{ending}"
    assert response.headers["Content-Type"] == kind
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_markdown_and_json_hold_what_was_said(client, talk):
    markdown = await text(await client.get(address(talk, "markdown")))
    written = json.loads(await text(await client.get(address(talk, "json"))))

    assert "```text\nHow long?\n```" in markdown
    assert [message["text"] for message in written["messages"]] == ["How long?", "Three minutes."]


async def test_flags_and_notes_are_for_who_may_see_them(async_client, talk, carol):
    await sync_to_async(flags.raise_flag)(talk, carol, FlagReason.COST)
    await sync_to_async(notes.write)(talk, carol, "Asked.")
    rights = ("view_conversation", "view_transcript")
    seen = []
    for name, more in {"dora": (), "erin": ("view_flag",), "frank": ("view_note",)}.items():
        person = await sync_to_async(make_reviewer)(name, *rights, *more)
        await sync_to_async(async_client.force_login)(person)
        written = json.loads(await text(await async_client.get(address(talk, "json"))))
        seen.append({"flags", "notes"} & written.keys())

    assert seen == [set(), {"flags"}, {"notes"}]


async def test_usage_is_a_row_a_call_and_no_cell_a_formula(client, talk, carol):
    await sync_to_async(book)(None, talk, model="=HYPERLINK(1)", purpose="summary", cost=None)
    await sync_to_async(make_talk)(carol)

    response = await client.get(address(talk, "usage"))
    header, *body = csv.reader(io.StringIO((await text(response)).removeprefix("\ufeff")))

    assert [row[header.index("model")] for row in body] == ["gpt-4o-mini", "'=HYPERLINK(1)"]
    assert [row[header.index("cost_usd")] for row in body] == ["0.001", ""]
    assert f'filename="usage-{talk.pk.hex[:8]}-' in response.headers["Content-Disposition"]
    assert "tea" not in response.headers["Content-Disposition"]


@pytest.mark.parametrize("is_reader", [True, False])
async def test_a_providers_words_are_no_part_of_usage(async_client, talk, is_reader):
    await sync_to_async(ask)(talk, error="bad_request", error_detail="Secret is not allowed")
    more = ("view_transcript",) if is_reader else ()
    person = await sync_to_async(make_reviewer)("dora", "view_conversation", *more)
    await sync_to_async(async_client.force_login)(person)

    written = await text(await async_client.get(address(talk, "usage")))

    assert ("Secret" in written, "error_detail" in written) == (False, False)
    assert "bad_request" in written


async def test_words_taken_away_are_logged_and_figures_are_not(client, talk):
    for act in ("markdown", "json", "usage"):
        await text(await client.get(address(talk, act)))

    logged = [view.how async for view in TranscriptView.objects.order_by("pk")]
    assert logged == ["markdown", "json"]


@pytest.mark.parametrize("act", ["markdown", "json", "usage"])
async def test_a_file_is_never_gathered_whole(client, talk, act):
    response = await client.get(address(talk, act))

    assert (response.streaming, response.is_async) == (True, True)
    assert len([piece async for piece in response.streaming_content]) >= 2


async def test_an_unknown_conversation_is_404(client):
    page = "/admin/conversations/conversation/3f1c1c2e-0000-4000-8000-000000000000"

    for act in ("markdown", "json", "usage"):
        assert (await client.get(f"{page}/{act}/")).status_code == 404
