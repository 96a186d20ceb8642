"""A preset: how a chat begins. The site's are everybody's and staff make them; one's own are one's
own. A chat that begins with one copies it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from .parameters import Parameters

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class PresetQuerySet(models.QuerySet["Preset"]):
    def for_person(self, user: AbstractBaseUser) -> Self:
        """The site's, then their own."""
        theirs = models.Q(owner=None) | models.Q(owner_id=user.pk)
        return self.filter(theirs).order_by(models.F("owner").asc(nulls_first=True), "name", "pk")


class Preset(Parameters):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="presets",
        help_text="Blank: everybody's.",
    )
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    system_message = models.TextField(blank=True)
    # Messages that the chat begins with: [{"role": "user", "text": "…"}, …].
    examples = models.JSONField(default=list, blank=True)

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_preset_a_name"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(owner=None), name="one_site_preset_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
