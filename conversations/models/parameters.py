"""How a model is asked: what a conversation and a preset both hold."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class ResponseFormat(models.TextChoices):
    TEXT = "text", "Text"
    JSON_OBJECT = "json_object", "JSON"
    JSON_SCHEMA = "json_schema", "JSON by a schema"


class Parameters(models.Model):
    """What is None or empty is not sent, so the provider's own default holds."""

    model = models.CharField(max_length=100)
    temperature = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(2)]
    )
    top_p = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    max_tokens = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Texts before which the model stops.
    stop = models.JSONField(default=list, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    response_format = models.CharField(
        max_length=12, choices=ResponseFormat, default=ResponseFormat.TEXT
    )
    json_schema = models.JSONField(null=True, blank=True)
    # What of the thread goes into a request: a name of conversations.context, and its numbers.
    strategy = models.CharField(max_length=20, default="fit")
    strategy_numbers = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def parameters(self) -> dict[str, Any]:
        """By field, for another holder of parameters."""
        return {field.name: getattr(self, field.name) for field in Parameters._meta.fields}
