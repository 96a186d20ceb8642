"""How a message stands with the context: pinned, excluded, deleted. Its place in the tree stays."""

from django.utils import timezone

from conversations.errors import InvalidInput
from conversations.models import Message, Standing

from .holding import act, check_is_turn, hold


@act
def set_standing(message: Message, standing: Standing) -> tuple[Message, bool]:
    """Pinned is always sent, excluded never; it counts from the next request on."""
    check_is_turn(message)
    hold(message.conversation)
    kept = Message.objects.filter(pk=message.pk, deleted_at=None)
    if not kept.exists():
        raise InvalidInput("This message was deleted.")
    changed = kept.exclude(standing=standing).update(standing=standing)
    message.standing = standing
    return message, bool(changed)


@act
def delete(message: Message) -> tuple[Message, bool]:
    """It is shown and sent no more. What was sent stays provable, so the row is kept."""
    return message, _set_deleted(message, True)


@act
def restore(message: Message) -> tuple[Message, bool]:
    return message, _set_deleted(message, False)


def _set_deleted(message: Message, is_deleted: bool) -> bool:
    check_is_turn(message)
    hold(message.conversation, message.pk)
    message.deleted_at = timezone.now() if is_deleted else None
    unchanged = Message.objects.filter(pk=message.pk, deleted_at__isnull=is_deleted)
    return bool(unchanged.update(deleted_at=message.deleted_at))
