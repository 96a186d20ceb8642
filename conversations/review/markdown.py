"""A conversation as Markdown, and what people wrote put into it so that it stays text.

By CommonMark a fence ends only at a run of backticks at least as long as the one that opened it,
and a code span only at a run of exactly its length. So each is longer than any run within.
"""

import json
import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

from conversations.errors import words_for
from conversations.models import Completion, Conversation, Message, Origin, Role
from conversations.text import one_line, usd

from .transcripts import Places, calls_for_no_message, messages_of, places_in, remark_on

_RUNS = re.compile("`+")
LONGEST_SPAN = 500  # characters
SHORTEST_FENCE = 3


def fenced(text: str, language: str = "text") -> str:
    """A block of its own; `language` is ours. Line ends become newlines: a carriage return at the
    end of the text would join with ours.
    """
    lines = "\n".join(re.split("\r\n?|\n", text))
    fence = "`" * max(SHORTEST_FENCE, _longest_run(lines) + 1)
    return f"{fence}{language}\n{lines}\n{fence}\n"


def span(text: str) -> str:
    """Within a line: what would break it is a space, and past 500 characters it is cut."""
    line = one_line(text, LONGEST_SPAN)
    if not line:
        return "(empty)"
    ticks = "`" * (_longest_run(line) + 1)
    # A space beside a backtick keeps the two apart, and is taken off again when it is read.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, _RUNS.findall(text)), default=0)


def as_markdown(conversation: Conversation) -> Generator[str]:
    places = places_in(conversation)
    yield _head(conversation)
    for message in messages_of(conversation):
        yield "\n".join(_turn(message, places))
    first = True
    for call in calls_for_no_message(conversation):
        yield ("## Calls for no message\n\n" if first else "") + f"- {_call(call)}\n"
        first = False


def _head(conversation: Conversation) -> str:
    parameters = conversation.parameters() | {
        "preset": conversation.preset.name if conversation.preset else None
    }
    asked = {name: value for name, value in parameters.items() if value not in (None, [], {}, "")}
    total = f"{conversation.calls:,} calls, {conversation.prompt_tokens:,} tokens in, "
    total += f"{conversation.completion_tokens:,} out, {usd(conversation.cost)}"
    if conversation.calls_of_unknown_cost:
        total += f" and {conversation.calls_of_unknown_cost:,} calls of unknown cost"
    lines = [
        f"# {span(conversation.title)}\n",
        f"- Person: {span(conversation.owner.get_username())}",
        f"- Conversation: {conversation.pk}",
        f"- Began: {_time(conversation.created_at)}",
        f"- Last activity: {_time(conversation.active_at)}",
        *([f"- Deleted: {_time(conversation.deleted_at)}"] if conversation.deleted_at else ()),
        f"- Total: {total}",
        "- Parameters now:\n",
        fenced(json.dumps(asked, ensure_ascii=False, indent=2), "json"),
        "All messages of all branches follow, in the order in which they were made.\n\n",
    ]
    return "\n".join(lines)


def _turn(message: Message, places: Places) -> Iterator[str]:
    yield f"## {_name(message, places)}\n"
    yield from (f"- {fact}" for fact in _facts(message, places))
    yield ""
    if message.reasoning:
        yield f"Reasoning:\n\n{fenced(message.reasoning)}"
    if message.text:
        yield f"Text:\n\n{fenced(message.text)}" if message.reasoning else fenced(message.text)
    yield ""


def _name(message: Message, places: Places) -> str:
    number = places.numbers.get(message.pk)
    who = Role(message.role).label
    if number is None:
        return "System message"
    model = f" {span(message.model)}" if message.model else ""
    above = places.numbers.get(message.parent_id) if message.parent_id else None
    return f"#{number} {who}{model}" + (f", follows #{above}" if above else ", begins")


def _facts(message: Message, places: Places) -> Iterator[str]:
    yield _time(message.created_at)
    if message.pk in places.numbers and message.pk not in places.shown:
        yield "Not shown in the chat now"
    if message.deleted_at:
        yield f"Deleted by the person: {_time(message.deleted_at)}"
    if message.origin == Origin.WRITTEN:
        yield "Written by hand"
    if message.is_answer:
        yield f"Ended as: {message.get_status_display()}"
    yield from map(_call, message.calls)
    if remark := remark_on(message):
        yield f"Notice: {span(remark)}"


def _call(call: Completion) -> str:
    """In one line; what the provider said of itself may be anything."""
    said = [f"Call {call.pk}, {call.get_purpose_display().lower()}, {span(call.model)}"]
    if call.ended_at is None:
        return f"{said[0]}: running"
    said.append(f"{call.prompt_tokens:,} tokens in ({call.cached_tokens:,} cached)")
    said.append(f"{call.completion_tokens:,} out ({call.reasoning_tokens:,} reasoning)")
    said.append(usd(call.cost))
    said.append("estimated" if call.is_estimated else "actual")
    if call.finish_reason:
        said.append(f"finish reason {span(call.finish_reason)}")
    if call.error:
        said.append(f"error {span(words_for(call.error, call.error_detail))}")
    return "; ".join(said)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
