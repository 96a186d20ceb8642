"""What models cost and how much they read: dated rows, so that history never changes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models

from .fields import UsdField


class PriceQuerySet(models.QuerySet["ModelPrice"]):
    def on(self, day: date) -> PriceQuerySet:
        """Rows in force on a day, the newest of each model last."""
        return self.filter(valid_from__lte=day).order_by("model", "valid_from")

    def for_model(self, model: str, day: date) -> ModelPrice | None:
        return self.on(day).filter(model=model).last()


class ModelPrice(models.Model):
    """Prices of one model from a day on, in USD per million tokens; sizes in tokens."""

    model = models.CharField(max_length=100)
    valid_from = models.DateField()
    input = UsdField()
    cached_input = UsdField(null=True, blank=True, help_text="Blank: the price of input.")
    cache_write = UsdField(null=True, blank=True, help_text="Blank: the price of input.")
    output = UsdField()
    threshold = models.PositiveIntegerField(
        null=True, blank=True, help_text="Prompt tokens above which the next two prices hold."
    )
    input_above = UsdField(null=True, blank=True)
    output_above = UsdField(null=True, blank=True)
    max_input = models.PositiveIntegerField(null=True, blank=True, help_text="Tokens of a prompt.")
    context_window = models.PositiveIntegerField(
        null=True, blank=True, help_text="Tokens of prompt and answer together."
    )
    max_output = models.PositiveIntegerField(
        null=True, blank=True, help_text="Tokens of an answer."
    )
    takes_chat_completions = models.BooleanField(default=True)
    is_reasoning = models.BooleanField(default=False)
    withdrawn_on = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager[ModelPrice]] = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["model", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["model", "valid_from"], name="one_price_a_day"),
            # A blank price passes: to a database, null is not below nought.
            models.CheckConstraint(
                condition=models.Q(
                    input__gte=0,
                    cached_input__gte=0,
                    cache_write__gte=0,
                    output__gte=0,
                    input_above__gte=0,
                    output_above__gte=0,
                ),
                name="price_not_negative",
            ),
        ]
        verbose_name = "model price"

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from}"
