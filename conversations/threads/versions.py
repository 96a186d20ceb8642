"""Versions of a turn: stepping between them, adding one by hand. Each fork remembers its leaf."""

import uuid

from conversations.errors import InvalidInput
from conversations.models import Conversation, Message

from .holding import act, check_is_quiet, check_is_turn, hold
from .tree import Tree, tree
from .writing import by_hand, known_here, moved


@act
def switch_to(conversation: Conversation, version: Message) -> tuple[Message, bool]:
    """Show this version of its turn, and go on where its branch was last left."""
    return version, step_to(hold(conversation), version)


def step_to(held: Conversation, version: Message) -> bool:
    """The same as part of a change that has a number of its own; whether anything moved.

    A system message is no turn: there is nothing to step to.
    """
    grown = tree(held)
    is_shown = version.pk in grown.path_to(held.current_leaf_id)
    if is_shown or version.pk not in grown.parents:
        return False
    _leave(held, grown, version.pk)
    held.current_leaf_id = grown.leaf_below(version)
    held.save(update_fields=["current_leaf"])
    return True


@act
def rewrite(
    conversation: Conversation, old: Message, text: str, client_id: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Another version of a message, written by hand; the thread then ends with it.

    The same client id again changes nothing. Raises InvalidInput or AnswerRunning.
    """
    check_is_turn(old)
    held = hold(conversation)
    if known := known_here(held, client_id):
        return known, False
    check_is_quiet(held, old.pk)
    # As it is now: it may have been deleted, pinned or moved down since it was asked for.
    found = held.messages.filter(pk=old.pk, deleted_at=None).first()
    if found is None:
        raise InvalidInput("This message was deleted.")
    kept = {"standing": found.standing, "response_format": found.response_format}
    message = by_hand(held, found.parent_id, found.role, text, client_id, **kept)
    _leave(held, tree(held), found.pk)
    moved(held, message)
    return message, True


def _leave(held: Conversation, grown: Tree, version: uuid.UUID) -> None:
    """Remember where the branch ends that is shown of this turn."""
    shown = set(grown.path_to(held.current_leaf_id))
    left = [node for node in grown.versions(version) if node in shown]
    Message.objects.filter(pk__in=left).update(last_leaf=held.current_leaf_id)
