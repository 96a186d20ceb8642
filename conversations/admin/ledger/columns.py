"""How a call is written, in the list and on its own page: columns, as functions of the row."""

from collections.abc import Callable

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from conversations.errors import words_for
from conversations.models import Completion
from conversations.templatetags.chat import seconds
from conversations.text import one_line, usd

from ..amounts import EMPTY
from ..calls import as_json
from ..rights import without_words

TITLE_SHOWN = 40  # characters of a conversation's title
ELSEWHERE = "(see: what the model saw)"

Column = Callable[[Completion], str]


# Nothing was held back for the difference.
ABOVE = ", above its worst case"


def is_above_worst_case(call: Completion) -> bool:
    return None not in (call.cost, call.reserved) and call.cost > call.reserved


def time(column: str, words: str) -> Column:
    @admin.display(description=words, ordering=column)
    def time(call: Completion) -> str:
        return seconds(getattr(call, column)) or EMPTY

    return time


@admin.display(description="cost", ordering="cost")
def cost(call: Completion) -> str:
    if not call.ended_at:
        return "running"
    return usd(call.cost) + (ABOVE if is_above_worst_case(call) else "")


@admin.display(description="usage", ordering="is_estimated")
def usage(call: Completion) -> str:
    return "estimated" if call.is_estimated else "actual"


@admin.display(description="conversation", ordering="conversation__title")
def conversation(call: Completion) -> str:
    if call.conversation is None:
        return EMPTY
    title = one_line(call.conversation.title, TITLE_SHOWN) or "(no title)"
    return format_html('<a href="{}">{}</a>', _address(call), title)


@admin.display(description="conversation")
def conversation_id(call: Completion) -> str:
    """For who may not read transcripts: a title is the person's own words."""
    return str(call.conversation_id) if call.conversation_id else EMPTY


@admin.display(description="message")
def message(call: Completion) -> str:
    if call.conversation_id is None:
        return EMPTY
    return format_html('<a href="{}">Read it in its conversation</a>', _address(call))


@admin.display(description="error in words")
def error_words(call: Completion) -> str:
    """Without the provider's own: those may quote what a person wrote."""
    return words_for(call.error, "…") if call.error else EMPTY


@admin.display(description="parameters")
def parameters(call: Completion) -> str:
    """Without stop texts and schemas, as `context` and for its reason."""
    shown = without_words(call.parameters, ELSEWHERE)
    return format_html('<pre class="record">{}</pre>', as_json(shown))


@admin.display(description="what the model saw")
def seen(call: Completion) -> str:
    page = reverse("admin:conversations_completion_seen", args=[call.pk])
    return format_html('<a href="{}">What the model saw</a>', page)


@admin.display(description="messages sent and left out")
def context(call: Completion) -> str:
    """Without its texts: a literal, as a summary, says what was said, and who reads that is
    logged where it is shown.
    """
    kept = [
        {**entry, "literal": ELSEWHERE} if "literal" in entry else entry for entry in call.context
    ]
    return format_html('<pre class="record">{}</pre>', as_json(kept))


def _address(call: Completion) -> str:
    page = reverse("admin:conversations_conversation_change", args=[call.conversation_id])
    return f"{page}#message-{call.message_id}" if call.message_id else page
