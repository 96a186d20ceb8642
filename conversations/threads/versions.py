"""Versions of a turn: stepping between them, adding one by hand. Each fork remembers its leaf."""

import uuid

from django.db import transaction

from conversations.errors import InvalidInput
from conversations.models import Conversation, Message

from .holding import check_is_turn, hold
from .tree import Tree, tree
from .writing import by_hand, moved


@transaction.atomic
def switch_to(conversation: Conversation, version: Message) -> None:
    """Show this version of its turn, and go on where its branch was last left.

    A system message is no turn: there is nothing to step to.
    """
    held = hold(conversation)
    grown = tree(held)
    if version.pk not in grown.parents:
        return
    if version.pk in _leave(held, grown, version.pk):
        return
    held.current_leaf_id = grown.leaf_below(version)
    held.save(update_fields=["current_leaf"])


@transaction.atomic
def rewrite(
    conversation: Conversation, old: Message, text: str, client_id: uuid.UUID | None = None
) -> Message:
    """Another version of a message, written by hand; the thread then ends with it.

    The same client id again changes nothing. Raises InvalidInput or AnswerRunning.
    """
    check_is_turn(old)
    if old.is_deleted:
        raise InvalidInput("This message was deleted.")
    held = hold(conversation, old.pk)
    kept = {"standing": old.standing, "response_format": old.response_format}
    message, is_new = by_hand(held, old.parent_id, old.role, text, client_id, **kept)
    if is_new:
        _leave(held, tree(held), old.pk)
        moved(held, message)
    return message


def _leave(held: Conversation, grown: Tree, version: uuid.UUID) -> list[uuid.UUID]:
    """Remember where the branch ends that is shown of this turn; which version that is."""
    shown = set(grown.path_to(held.current_leaf_id))
    left = [node for node in grown.versions(version) if node in shown]
    Message.objects.filter(pk__in=left).update(last_leaf=held.current_leaf_id)
    return left
