"""What all processes share about who may call the provider now; the rows are locks as well."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Gate(models.Model):
    """One row. Whoever counts calls, or lets one begin, holds its lock.

    `failures` counts calls in a row that the provider failed; past the limit nothing is called
    before `open_until`, then one call, whose run is `probe`, tries it out.
    """

    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    probe = models.UUIDField(null=True, blank=True)

    def __str__(self) -> str:
        return f"gate, {self.failures} failures in a row"


class ProviderLimit(models.Model):
    """What the provider last told of its limits for a model; null is not told."""

    model = models.CharField(max_length=100, unique=True)
    requests_left = models.IntegerField(null=True, blank=True)
    requests_reset_at = models.DateTimeField(null=True, blank=True)
    tokens_limit = models.PositiveBigIntegerField(null=True, blank=True)
    tokens_left = models.BigIntegerField(null=True, blank=True)
    tokens_reset_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    # It refused, and asked us to wait until then.
    blocked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"limits of {self.model}"


class Allowance(models.Model):
    """The moments, as epoch seconds, of a person's messages in the last minute, and when one of
    their answers was last let go.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    recent = models.JSONField(default=list)
    served_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"allowance of {self.user_id}"
