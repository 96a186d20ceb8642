"""A thread is changed by one at a time, and never under an answer that is being written."""

import uuid

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Conversation, Message, Origin, Role


def hold(conversation: Conversation, *touched: uuid.UUID | None) -> Conversation:
    """The conversation, locked until the transaction ends.

    Raises AnswerRunning where what is touched is being written, or is what is being answered;
    None is the very start.
    """
    held = Conversation.objects.select_for_update().get(pk=conversation.pk)
    for running in held.messages.running().values_list("pk", "parent_id"):
        if set(running) & set(touched):
            raise AnswerRunning
    return held


def check_is_turn(message: Message) -> None:
    if message.role == Role.SYSTEM and message.origin == Origin.TYPED:
        raise InvalidInput("The system message is changed in the chat's settings.")
