"""The ledger: one row per attempt to call the API, whatever it was for and however it ended.

A row outlives its message, its conversation and its person: money never disappears.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from .conversation import Conversation
from .fields import UsdField
from .message import Message


class Purpose(models.TextChoices):
    ANSWER = "answer"
    SUMMARY = "summary"


class CompletionQuerySet(models.QuerySet["Completion"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)


class Completion(models.Model):
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="completions"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="completions"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="completions",
    )
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.ANSWER)
    # By the database's clock, as all that the calls of a minute are counted by.
    created_at = models.DateTimeField(db_default=Now(), db_index=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of the site's calendar: whose prices hold, and which budgets it counts in, with the groups
    # that its person was in then.
    day = models.DateField(default=timezone.localdate, db_index=True)
    groups = models.JSONField(default=list, blank=True)

    # What was asked: model and parameters as sent, and the record of the messages array.
    model = models.CharField(max_length=100, db_index=True)
    parameters = models.JSONField(default=dict)
    context = models.JSONField(default=list)
    context_sha256 = models.CharField(max_length=64, blank=True)
    strategy = models.CharField(max_length=20, blank=True)
    # What there is to say about how the context came about, in words.
    context_note = models.CharField(max_length=300, blank=True)
    estimated_prompt_tokens = models.PositiveIntegerField(default=0)
    # The most that it could cost, from the estimate and the limit; unknown without a price.
    reserved = UsdField(null=True, blank=True)

    # Characters of the answer and its reasoning that stood there before this call.
    text_begin = models.PositiveIntegerField(default=0)
    reasoning_begin = models.PositiveIntegerField(default=0)

    # What it took, in tokens: the API's figures, or counted here and marked estimated.
    prompt_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    cache_write_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)
    is_estimated = models.BooleanField(default=True)

    # Prices of the moment in USD per million tokens, and the cost they make; null is unknown.
    price_input = UsdField(null=True, blank=True)
    price_cached_input = UsdField(null=True, blank=True)
    price_cache_write = UsdField(null=True, blank=True)
    price_output = UsdField(null=True, blank=True)
    cost = UsdField(null=True, blank=True)

    # What the API said of itself, and how it went.
    upstream_id = models.CharField(max_length=200, blank=True)
    upstream_model = models.CharField(max_length=200, blank=True)
    upstream_created = models.BigIntegerField(null=True, blank=True)
    fingerprint = models.CharField(max_length=200, blank=True)
    finish_reason = models.CharField(max_length=50, blank=True, db_index=True)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    error = models.CharField(max_length=30, blank=True, db_index=True)
    error_detail = models.CharField(max_length=500, blank=True)

    objects = CompletionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            # What a million calls hold few of, and what they are looked up and sorted by.
            models.Index(fields=["created_at"], condition=Q(ended_at=None), name="open_calls"),
            models.Index(fields=["created_at"], condition=Q(cost=None), name="unpriced_calls"),
            models.Index(fields=["created_at"], condition=~Q(error=""), name="failed_calls"),
            models.Index(fields=["created_at"], condition=Q(is_estimated=True), name="estimated"),
            models.Index(fields=["cost"], name="dearest_calls"),
            models.Index(fields=["upstream_id"], name="call_by_upstream_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0),
                name="cost_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(reserved__isnull=True) | Q(reserved__gte=0),
                name="reserved_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}, {self.model}"

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens
