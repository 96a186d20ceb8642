"""How the next message of a conversation is answered."""

from typing import Any

from django.http import QueryDict

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
        return cls(initial=cls._initial(conversation))

    @classmethod
    def changing(cls, conversation: Conversation, changes: QueryDict) -> "SettingsForm":
        """What is stored, with what was changed: fields that did not come stay as they are."""
        data = changes.copy()
        for name, value in cls._initial(conversation).items():
            if name not in data and name in cls.base_fields:
                shown = cls.base_fields[name].prepare_value(value)
                data[name] = "" if shown is None or shown is False else str(shown)
        return cls(data)

    @classmethod
    def _initial(cls, conversation: Conversation) -> dict[str, Any]:
        system = conversation.system_message
        words = {"system_message": system.text if system else ""}
        return cls.initial_of(conversation) | words
