"""Presets: how a chat begins. A chat that begins with one copies it, and is its own from then on."""

from collections.abc import Sequence
from enum import StrEnum

from django.conf import settings
from django.db import IntegrityError, transaction

from conversations import threads
from conversations.errors import InvalidInput
from conversations.models import (
    Conversation,
    Message,
    Origin,
    Preset,
    Role,
    Standing,
)
from conversations.tokens import count, encoding_name

# Presets that one person may have.
MOST_PRESETS = 100
# Few-shot messages of a preset, and characters of all of them.
MOST_EXAMPLES = 100
LONGEST_EXAMPLES = 100_000


class Taken(StrEnum):
    """What of a chat becomes the few-shot messages of a preset."""

    NONE = "none"
    WRITTEN = "written"
    ALL = "all"


def begin_with(preset: Preset, conversation: Conversation) -> None:
    """Copy a preset into a conversation that is not stored yet; its messages come with the first
    one that is sent.
    """
    for name, value in preset.parameters().items():
        setattr(conversation, name, value)
    # Only the demo answers as the demo, and it as nothing else.
    if settings.DEMO_MODE or preset.model == settings.DEMO_MODEL:
        conversation.model = settings.DEFAULT_MODEL
    conversation.preset = preset


def examples_of(conversation: Conversation) -> list[Message]:
    """The messages that a conversation which is not stored yet will begin with."""
    if conversation.preset is None:
        return []
    return [
        message_to_be(conversation, Role(each["role"]), each["text"], Origin.WRITTEN)
        for each in conversation.preset.examples
    ]


def system_message_to_be(conversation: Conversation, text: str) -> Message | None:
    return message_to_be(conversation, Role.SYSTEM, text, Origin.TYPED) if text.strip() else None


def message_to_be(conversation: Conversation, role: Role, text: str, origin: Origin) -> Message:
    """A message that is looked at before it is stored. It is counted here, so that nobody tries
    to keep its count.
    """
    encoding = encoding_name(conversation.model)
    return Message(
        conversation=conversation,
        role=role,
        text=text,
        origin=origin,
        token_counts={encoding: count(text, encoding)},
    )


def save(conversation: Conversation, name: str, description: str, taken: Taken) -> Preset:
    """Keep how this chat is answered as its owner's preset; one of this name is replaced.

    Raises InvalidInput.
    """
    examples = examples_in(conversation, taken)
    check_examples(examples)
    mine = Preset.objects.filter(owner=conversation.owner)
    if mine.exclude(name=name).count() >= MOST_PRESETS:
        raise InvalidInput(f"You have {MOST_PRESETS} presets. Delete one first.")
    system = conversation.system_message
    preset, _ = Preset.objects.update_or_create(
        owner=conversation.owner,
        name=name,
        defaults={
            "description": description,
            "system_message": system.text if system else "",
            "examples": examples,
            **conversation.parameters(),
        },
    )
    return preset


def examples_in(conversation: Conversation, taken: Taken) -> list[dict[str, str]]:
    """Messages of the thread that now is shown: what the model would see of them, in order."""
    if taken == Taken.NONE:
        return []
    path = threads.path_to(conversation, conversation.current_leaf_id)
    there = [each for each in path if not (each.is_deleted or each.is_running)]
    sent = [each for each in there if each.text and each.standing != Standing.EXCLUDED]
    return [
        {"role": each.role, "text": each.text}
        for each in sent
        if taken == Taken.ALL or each.origin == Origin.WRITTEN
    ]


def check_examples(examples: Sequence[dict[str, str]]) -> None:
    """Raises InvalidInput."""
    if len(examples) > MOST_EXAMPLES:
        raise InvalidInput(f"A preset has at most {MOST_EXAMPLES} messages, not {len(examples):,}.")
    characters = sum(len(each["text"]) for each in examples)
    if characters > LONGEST_EXAMPLES:
        raise InvalidInput(
            f"The messages of a preset have at most {LONGEST_EXAMPLES:,} characters together, not"
            f" {characters:,}."
        )


def rename(preset: Preset, name: str, description: str) -> None:
    """Raises InvalidInput."""
    preset.name, preset.description = name, description
    try:
        with transaction.atomic():
            preset.save(update_fields=["name", "description"])
    except IntegrityError:
        raise InvalidInput(f"You have a preset “{name}” already.") from None
