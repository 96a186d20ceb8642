"""The ledger as CSV: out of the database and onto the wire in pieces, whatever its length.

Under ASGI a synchronous iterator would be read to its end before the first byte goes out, so
this one is asynchronous. It steps through the rows in the request's own thread: `aiterator()`
of plain values (Django 5.2) would run its query on the event loop, and Django refuses that.
"""

import csv
import io
from collections.abc import AsyncIterator, Generator, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from conversations.models import Completion

from .amounts import plain

ROWS_AT_ONCE = 500  # rows read, and sent, together

# Header and column. The texts of a conversation, its title included, are no part of the ledger.
COLUMNS = {
    "id": "id",
    "started": "created_at",
    "ended": "ended_at",
    "user": "user__username",
    "conversation": "conversation_id",
    "message": "message_id",
    "purpose": "purpose",
    "model": "model",
    "estimated_prompt_tokens": "estimated_prompt_tokens",
    "prompt_tokens": "prompt_tokens",
    "cached_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "completion_tokens": "completion_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "is_estimated": "is_estimated",
    "price_input": "price_input",
    "price_cached_input": "price_cached_input",
    "price_cache_write": "price_cache_write",
    "price_output": "price_output",
    "cost_usd": "cost",
    "finish_reason": "finish_reason",
    "error": "error",
    "error_detail": "error_detail",
    "first_token_ms": "first_token_ms",
    "duration_ms": "duration_ms",
    "upstream_id": "upstream_id",
    "upstream_model": "upstream_model",
    "fingerprint": "fingerprint",
}

# A cell that begins like this is a formula to a spreadsheet, whoever wrote it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(ledger: QuerySet[Completion]) -> StreamingHttpResponse:
    name = f"completions-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        pieces(ledger),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def pieces(ledger: QuerySet[Completion]) -> AsyncIterator[str]:
    found = _pieces(ledger)
    try:
        while piece := await sync_to_async(lambda: next(found, ""))():
            yield piece
    finally:
        # Also when the reader goes away: the cursor is closed by the thread that opened it.
        await sync_to_async(found.close)()


def _pieces(ledger: QuerySet[Completion]) -> Generator[str]:
    rows = ledger.values_list(*COLUMNS.values()).iterator(ROWS_AT_ONCE)
    yield lines([COLUMNS])
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield lines(some)


def lines(rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case Decimal():
            return plain(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
