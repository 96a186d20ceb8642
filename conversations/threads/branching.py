"""A conversation of its own out of the thread up to one of its messages."""

import uuid

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Beginning, Conversation, Message
from conversations.text import one_line

from .holding import SENT_ELSEWHERE, check_is_turn, hold, storing
from .tree import tree
from .writing import known_by, set_system_message

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


@storing()
def branch_off(
    conversation: Conversation, message: Message, client_id: uuid.UUID | None = None
) -> Conversation:
    """A new conversation that begins with a copy of the thread through this message.

    Deleted messages stay behind, and so do the calls: money is not doubled. The same client id
    again is the same conversation. Raises InvalidInput or AnswerRunning.
    """
    check_is_turn(message)
    conversation = hold(conversation)
    if known := known_by(conversation, client_id):
        if known.copied_from_id != message.pk:
            raise InvalidInput(SENT_ELSEWHERE)
        return known.conversation
    path = _path_to_copy(conversation, message)
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
    branch.current_leaf_id = _copy(path, branch, client_id)
    branch.save(update_fields=["current_leaf"])
    return branch


def _path_to_copy(held: Conversation, message: Message) -> list[Message]:
    ids = tree(held).path_to(message.pk)
    found = held.messages.filter(deleted_at=None).in_bulk(ids)
    # Asked only now: it may have been deleted while the conversation was waited for.
    if message.pk not in found:
        raise InvalidInput("This message was deleted.")
    path = [found[node] for node in ids if node in found]
    if any(each.is_running for each in path):
        raise AnswerRunning
    return path


def _title(title: str) -> str:
    return one_line(TITLE_PREFIX + title.removeprefix(TITLE_PREFIX), LONGEST_TITLE)


def _copy(path: list[Message], branch: Conversation, client_id: uuid.UUID | None) -> uuid.UUID:
    """Copies below each other, known by this client id; the last one's id."""
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
    copies[-1].client_id = client_id
    Message.objects.bulk_create(copies)
    return copies[-1].pk
