"""The ledger as CSV: out of the database and onto the wire in pieces, whatever its length.

Under ASGI a synchronous iterator would be read to its end before the first byte goes out, so
this one is asynchronous. It steps through the rows in the request's own thread: `aiterator()`
of plain values (Django 5.2) would run its query on the event loop, and Django refuses that.
"""

import csv
import io
import re
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

# Header and column. The texts of a conversation, its title included, are no part of the ledger,
# nor is what a provider said of an error: it may quote them.
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
    "first_token_ms": "first_token_ms",
    "duration_ms": "duration_ms",
    "upstream_id": "upstream_id",
    "upstream_model": "upstream_model",
    "fingerprint": "fingerprint",
}

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for the system's old code page

# A cell that begins like this is a formula to a spreadsheet, whoever wrote it and whatever unseen
# stands before, quotes too. One that splits at ";" may do so within our quotes: they come after a
# comma, and not where its cells begin. So each part of a text is looked at.
UNSEEN = r"\"\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
FORMULA = re.compile(
    rf"^(?=[\t\r\n{UNSEEN}]*[=+\-@＝＋－＠])|(?<=[;\t\r\n])(?=[{UNSEEN}]*[=+\-@＝＋－＠])"  # noqa: RUF001
)


def as_csv(ledger: QuerySet[Completion], name: str = "completions") -> StreamingHttpResponse:
    return streamed(name, _pieces(ledger))


def table_as_csv(name: str, rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Rows that are in memory already, the header first."""
    return streamed(name, (piece for piece in [BYTE_ORDER_MARK + lines(rows)]))


def streamed(name: str, found: Generator[str]) -> StreamingHttpResponse:
    """`name` becomes part of a header: it is ours, never somebody's words."""
    return download(f"{name}-{timezone.localdate()}.csv", "text/csv", found)


def download(file_name: str, kind: str, found: Generator[str]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        pieces(found),
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


async def pieces(found: Generator[str]) -> AsyncIterator[str]:
    try:
        while piece := await sync_to_async(lambda: next(found, ""))():
            yield piece
    finally:
        # Also when the reader goes away: the cursor is closed by the thread that opened it.
        await sync_to_async(found.close)()


def _pieces(ledger: QuerySet[Completion]) -> Generator[str]:
    rows = ledger.values_list(*COLUMNS.values()).iterator(ROWS_AT_ONCE)
    yield BYTE_ORDER_MARK + lines([COLUMNS])
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield lines(some)


def lines(rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    # A spreadsheet may split at ";" what is not quoted. A quoted number still is one.
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([cell(value) for value in row] for row in rows)
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
        case int():
            return str(value)
    return FORMULA.sub("'", str(value))
