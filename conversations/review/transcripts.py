"""A conversation to take away, as Markdown and as JSON: every message of every branch.

Both are written while the messages are read, a few at a time, so that one of any length takes
little memory; only the ids of its messages are held whole.

The JSON is one object. Times are ISO 8601 in UTC, amounts strings of USD with all their digits,
null where a cost is not known; prices are in USD per million tokens.

    format, version       "chatsite conversation", 1
    exported_at
    conversation          id, title, owner, model, parameters, created_at, active_at, deleted_at,
                          started_from (the id of another one), totals
    flags, notes          what reviewers left, where it was asked for
    messages              in the order in which they were made: a tree, each with the id of its
                          parent (null for a first one); `number` is the number of the admin's page,
                          null for a system message, which stands outside the tree; `is_shown` says
                          that the chat shows it now; `calls` are all that were made for it
    calls_for_no_message  summaries, and calls whose message is not there any more
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.text import slugify

from conversations.models import Completion, Conversation, Flag, Message, Note, Status
from conversations.threads import tree
from conversations.transcript import notice_of

FORMAT, VERSION = "chatsite conversation", 1
MESSAGES_AT_ONCE = 50
CALLS_AT_ONCE = 500
NAME_LENGTH = 40  # characters of a title in the name of a file

Row = dict[str, Any]

_OF_A_MESSAGE = (
    *("role", "origin", "status", "standing", "model", "created_at", "ended_at", "deleted_at"),
    *("response_format", "format_problem", "max_tokens", "reasoning", "text"),
)
_OF_A_CALL = (
    *("id", "purpose", "created_at", "ended_at", "model", "parameters", "strategy"),
    *("context_note", "context_sha256", "estimated_prompt_tokens", "reserved", "prompt_tokens"),
    *("cached_tokens", "cache_write_tokens", "completion_tokens", "reasoning_tokens"),
    *("is_estimated", "price_input", "price_cached_input", "price_cache_write", "price_output"),
    *("cost", "finish_reason", "error", "error_detail", "first_token_ms", "duration_ms"),
    *("upstream_id", "upstream_model", "upstream_created", "fingerprint"),
)
_OF_A_FLAG = (
    *("reason", "words", "raised_by_name", "raised_at"),
    *("resolved_by_name", "resolved_at", "outcome"),
)
_OF_A_NOTE = ("author_name", "text", "written_at")


@dataclass(frozen=True)
class Places:
    """Where messages stand: the number of each of the tree, and those that the chat shows."""

    numbers: dict[uuid.UUID, int]
    shown: frozenset[uuid.UUID]


def places_in(conversation: Conversation) -> Places:
    grown = tree(conversation)
    leaf = conversation.current_leaf_id
    numbers = {node: number for number, node in enumerate(grown.parents, start=1)}
    return Places(numbers, frozenset(grown.path_to(leaf) if leaf in numbers else ()))


def file_name(conversation: Conversation, ending: str) -> str:
    """Of ASCII letters, digits and hyphens alone: it becomes part of a header."""
    title = slugify(conversation.title[: 2 * NAME_LENGTH])[:NAME_LENGTH].strip("-_")
    return f"{title or 'conversation'}-{conversation.pk.hex[:8]}.{ending}"


def remark_on(message: Message) -> str:
    """What the person reads below a turn, without speaking to the reviewer as them."""
    if message.status == Status.STOPPED:
        return "Stopped by the person."
    notice = notice_of(message)
    return notice.words if notice else ""


def messages_of(conversation: Conversation) -> Iterator[Message]:
    """Each is to be done with when the next one is asked for."""
    rows = conversation.messages.in_order().defer("html").with_calls()
    for message in rows.iterator(MESSAGES_AT_ONCE):
        yield message
        # A message and its prefetched calls name each other: they would be held until Python next
        # looks for such circles, and with them the texts of thousands of messages.
        vars(message).pop("_prefetched_objects_cache", None)


def calls_for_no_message(conversation: Conversation) -> Iterator[Completion]:
    rows = conversation.completions.filter(message=None).defer("context").order_by("pk")
    return rows.iterator(CALLS_AT_ONCE)


def as_json(
    conversation: Conversation, *, flags: bool = False, notes: bool = False
) -> Generator[str]:
    places = places_in(conversation)
    head: Row = {"format": FORMAT, "version": VERSION, "exported_at": timezone.now()}
    head["conversation"] = _conversation(conversation)
    if flags:
        rows = conversation.flags.order_by("pk")
        head["flags"] = [_flag(flag) for flag in rows]
    if notes:
        head["notes"] = [_columns(note, _OF_A_NOTE) for note in conversation.notes.all()]
    yield _written(head).removesuffix("}")
    yield ', "messages": ['
    yield from _array(_message(message, places) for message in messages_of(conversation))
    yield '], "calls_for_no_message": ['
    yield from _array(_columns(call, _OF_A_CALL) for call in calls_for_no_message(conversation))
    yield "]}\n"


def _array(rows: Iterable[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + _written(row)


def _conversation(conversation: Conversation) -> Row:
    parameters = {**conversation.parameters(), "preset": None}
    if conversation.preset:
        parameters["preset"] = conversation.preset.name
    return {
        "id": conversation.pk,
        "title": conversation.title,
        "owner": conversation.owner.get_username(),
        "model": parameters.pop("model"),
        "parameters": parameters,
        "started_from": conversation.started_from_id,
        **_columns(conversation, ("created_at", "active_at", "deleted_at")),
        "totals": _columns(
            conversation,
            ("calls", "prompt_tokens", "completion_tokens", "cost", "calls_of_unknown_cost"),
        ),
    }


def _message(message: Message, places: Places) -> Row:
    return {
        "id": message.pk,
        "number": places.numbers.get(message.pk),
        "parent": message.parent_id if message.pk in places.numbers else None,
        "is_shown": message.pk in places.shown,
        **_columns(message, _OF_A_MESSAGE),
        "remark": remark_on(message),
        "calls": [_columns(call, _OF_A_CALL) for call in message.calls],
    }


def _flag(flag: Flag) -> Row:
    return {"message": flag.message_id, "state": flag.state, **_columns(flag, _OF_A_FLAG)}


def _columns(row: Conversation | Message | Completion | Flag | Note, names: Iterable[str]) -> Row:
    return {name: getattr(row, name) for name in names}


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return (
        f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)
    )
