"""What reviewers leave at a conversation: flags, notes, and that they have read it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from .conversation import Conversation
from .message import Message


class FlagReason(models.TextChoices):
    WRONG = "wrong", "wrong or misleading answer"
    HARMFUL = "harmful", "harmful content"
    PERSONAL = "personal", "personal or secret information"
    COST = "cost", "unusual cost"
    PRAISE = "praise", "good example"
    OTHER = "other", "something else"


class FlagQuerySet(models.QuerySet["Flag"]):
    def unresolved(self) -> Self:
        return self.filter(resolved_at=None)


class Flag(models.Model):
    """Something in a conversation that somebody should look at, until it is resolved."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="flags")
    # One turn of it, or the whole.
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=8, choices=FlagReason)
    words = models.CharField(max_length=500, blank=True)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    raised_by_name = models.CharField(max_length=150)
    raised_at = models.DateTimeField(auto_now_add=True)
    # Whose it is to look at; nobody's is everybody's.
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_by_name = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=500, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.state}"

    @property
    def state(self) -> str:
        return "resolved" if self.resolved_at else "unresolved"


class Note(models.Model):
    """A reviewer's words about a conversation, for reviewers; never changed."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    text = models.TextField(max_length=5_000)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"note by {self.author_name}"


class Look(models.TextChoices):
    """In what form somebody read what was said."""

    PAGE = "page"
    SEEN = "seen", "what the model saw"
    MARKDOWN = "markdown", "Markdown export"
    JSON = "json", "JSON export"
    PERSON = "person", "export of all about the person"


class TranscriptView(models.Model):
    """That somebody of the staff read a conversation: a row of a log, never changed.

    It outlives the conversation and both accounts, so it has its own copy of who and which.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, related_name="views"
    )
    conversation_key = models.UUIDField(null=True, db_index=True)
    owner_name = models.CharField(max_length=150, db_index=True)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reader_name = models.CharField(max_length=150, db_index=True)
    how = models.CharField(max_length=8, choices=Look, default=Look.PAGE)
    read_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-read_at", "-pk"]
        verbose_name = "transcript view"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.reader_name}, {self.how}"
