"""A conversation: whose it is, how it is answered, where it stands, what it took so far."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from .fields import UsdField
from .parameters import Parameters
from .preset import Preset

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

TITLE_LENGTH = 60  # characters


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def owned_by(self, user: AbstractBaseUser) -> Self:
        """What this person may reach: theirs and not deleted."""
        return self.filter(owner_id=user.pk, deleted_at=None)

    def recent_first(self) -> Self:
        return self.order_by("-active_at", "-id")

    def note_change(self, conversation: uuid.UUID) -> int:
        """The number of a change that open pages must hear of.

        Call it in the transaction that stores the change: until that ends the row is locked.
        """
        self.filter(pk=conversation).update(changes=models.F("changes") + 1)
        return self.values_list("changes", flat=True).get(pk=conversation)


class Beginning(models.TextChoices):
    """How a conversation came out of another one."""

    BRANCH = "branch", "branched from"
    FRESH_START = "fresh start", "fresh start of"


class Conversation(Parameters):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=200)
    system_message = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The tree's node at which the page now ends; the thread is the path to it.
    current_leaf = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    preset = models.ForeignKey(
        Preset, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    beginning = models.CharField(max_length=12, choices=Beginning, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(auto_now_add=True, db_index=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Its content was removed for good; what it cost is kept.
    erased_at = models.DateTimeField(null=True, blank=True)

    # Moved by every change that open pages must hear of, so that a lost hint is noticed.
    changes = models.PositiveBigIntegerField(default=0)

    # Sums over this conversation's completions, moved in the transaction that ends a call.
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost = UsdField(default=Decimal(0))
    calls = models.PositiveIntegerField(default=0)
    calls_of_unknown_cost = models.PositiveIntegerField(default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        # To see the list and what it cost is not yet to read what was said.
        permissions = [("view_transcript", "Can read transcripts")]
        indexes = [models.Index(fields=["owner", "-active_at"], name="conversation_recent")]
        constraints = [
            models.CheckConstraint(condition=models.Q(cost__gte=0), name="total_not_negative"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def title_from(text: str) -> str:
    """The first words of a message, up to 60 characters, cut between words where it can be."""
    words = " ".join(text.split())
    if len(words) <= TITLE_LENGTH:
        return words or "New chat"
    cut = words[: TITLE_LENGTH - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > TITLE_LENGTH // 2 else cut).rstrip() + "…"
