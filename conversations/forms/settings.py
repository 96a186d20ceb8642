"""How the next message of a conversation is answered."""

from conversations.models import Conversation

from .fields import MessageField
from .parameters import ParametersForm

LONGEST_SYSTEM_MESSAGE = 100_000  # characters


class SettingsForm(ParametersForm):
    system_message = MessageField(
        required=False,
        label="System message",
        max_length=LONGEST_SYSTEM_MESSAGE,
        help_text="Sent first with every message, and never left out.",
    )

    @classmethod
    def of(cls, conversation: Conversation) -> "SettingsForm":
        system = conversation.system_message
        words = {"system_message": system.text if system else ""}
        return cls(initial=cls.initial_of(conversation) | words)
