"""Tokens of messages, counted once for each encoding and kept."""

from collections.abc import Sequence

from conversations.models import Message
from conversations.tokens import count


def token_count(message: Message, encoding: str) -> int:
    return token_counts([message], encoding)[0]


def token_counts(messages: Sequence[Message], encoding: str) -> list[int]:
    """Tokens of each text. What was missing is stored, but for text that is still arriving."""
    missing = [message for message in messages if encoding not in message.token_counts]
    for message in missing:
        message.token_counts[encoding] = count(message.text, encoding)
    if ended := [message for message in missing if not message.is_running]:
        Message.objects.bulk_update(ended, ["token_counts"])
    return [message.token_counts[encoding] for message in messages]
