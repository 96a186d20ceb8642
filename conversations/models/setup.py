"""The claim on a new site: one row at most, so that of two people at once one is first."""

from django.conf import settings
from django.db import models

ONLY = 1


class SetupClaim(models.Model):
    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=ONLY), name="one_setup_claim"),
        ]

    def __str__(self) -> str:
        return f"claimed by {self.user_id}"
