"""A conversation of its own out of the thread up to one of its messages."""

import uuid

from django.db import transaction

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Beginning, Conversation, Message
from conversations.text import one_line

from .holding import check_is_turn, hold
from .tree import tree
from .writing import set_system_message

TITLE_PREFIX = "Branch of "
LONGEST_TITLE = 200  # characters
COPIED = (
    "text",
    "html",
    "html_version",
    "reasoning",
    "role",
    "status",
    "origin",
    "model",
    "standing",
    "token_counts",
    "response_format",
    "format_problem",
    "ended_at",
)


@transaction.atomic
def branch_off(conversation: Conversation, message: Message) -> Conversation:
    """A new conversation that begins with a copy of the thread through this message.

    Deleted messages stay behind, and so do the calls: money is not doubled. Raises InvalidInput
    or AnswerRunning.
    """
    check_is_turn(message)
    if message.is_deleted:
        raise InvalidInput("This message was deleted.")
    conversation = hold(conversation)
    ids = tree(conversation).path_to(message.pk)
    found = conversation.messages.filter(deleted_at=None).in_bulk(ids)
    path = [found[node] for node in ids if node in found]
    if any(each.is_running for each in path):
        raise AnswerRunning
    branch = Conversation.objects.create(
        owner_id=conversation.owner_id,
        title=_title(conversation.title),
        preset_id=conversation.preset_id,
        started_from=conversation,
        beginning=Beginning.BRANCH,
        **conversation.parameters(),
    )
    if system := conversation.system_message:
        set_system_message(branch, system.text)
    branch.current_leaf_id = _copy(path, branch)
    branch.save(update_fields=["current_leaf"])
    return branch


def _title(title: str) -> str:
    return one_line(TITLE_PREFIX + title.removeprefix(TITLE_PREFIX), LONGEST_TITLE)


def _copy(path: list[Message], branch: Conversation) -> uuid.UUID | None:
    """Copies below each other; the last one's id."""
    copies: list[Message] = []
    for each in path:
        copies.append(
            Message(
                conversation=branch,
                owner_id=branch.owner_id,
                parent_id=copies[-1].pk if copies else None,
                copied_from=each,
                **{name: getattr(each, name) for name in COPIED},
            )
        )
    Message.objects.bulk_create(copies)
    return copies[-1].pk if copies else None
