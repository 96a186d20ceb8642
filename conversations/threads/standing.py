"""How a message stands with the context: pinned, excluded, deleted. Its place in the tree stays."""

from django.db import transaction
from django.utils import timezone

from conversations.errors import InvalidInput
from conversations.models import Message, Standing

from .holding import check_is_turn, hold


@transaction.atomic
def set_standing(message: Message, standing: Standing) -> None:
    """Pinned is always sent, excluded never; it counts from the next request on."""
    check_is_turn(message)
    hold(message.conversation)
    changed = Message.objects.filter(pk=message.pk, deleted_at=None).update(standing=standing)
    if not changed:
        raise InvalidInput("This message was deleted.")
    message.standing = standing


@transaction.atomic
def delete(message: Message) -> None:
    """It is shown and sent no more. What was sent stays provable, so the row is kept."""
    _set_deleted(message, True)


@transaction.atomic
def restore(message: Message) -> None:
    _set_deleted(message, False)


def _set_deleted(message: Message, is_deleted: bool) -> None:
    check_is_turn(message)
    hold(message.conversation, message.pk)
    message.deleted_at = timezone.now() if is_deleted else None
    unchanged = Message.objects.filter(pk=message.pk, deleted_at__isnull=is_deleted)
    unchanged.update(deleted_at=message.deleted_at)
