"""The ledger rolled up: what a person's calls of one model took on one day."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from .completion import Purpose
from .fields import UsdField


class DayUsage(models.Model):
    """Sums over completions that have ended, moved in the transaction that ends them.

    A person who is deleted leaves rows without a name, as in the ledger; so there may be several
    of the same day, model and purpose.
    """

    day = models.DateField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    model = models.CharField(max_length=100)
    purpose = models.CharField(max_length=10, choices=Purpose)

    calls = models.PositiveBigIntegerField(default=0)
    failed_calls = models.PositiveBigIntegerField(default=0)
    estimated_calls = models.PositiveBigIntegerField(default=0)
    calls_of_unknown_cost = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    cost = UsdField(default=Decimal(0))
    # Of the calls whose usage the API told, what had been estimated, and what it said.
    told_estimates = models.PositiveBigIntegerField(default=0)
    told_prompt_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        verbose_name = "usage"
        verbose_name_plural = "usage"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user", "day"], name="usage_of_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "user", "model", "purpose"], name="one_usage_a_day"
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="usage_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.day}"
