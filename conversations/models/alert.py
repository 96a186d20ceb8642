"""What whoever is answerable for the site should know about money, said once."""

from django.conf import settings
from django.db import models

from .budget import Budget
from .fields import UsdField
from .spending import Spending


class AlertKind(models.TextChoices):
    NEAR = "near", "near its budget"
    TIGHT = "tight", "too little left for a message"
    REACHED = "reached", "budget used up"
    UNUSUAL = "unusual", "unusual use"


class Alert(models.Model):
    """`limit` is the budget's at that moment, so that a raised one is told of anew; of unusual
    use it is nought.
    """

    kind = models.CharField(max_length=8, choices=AlertKind)
    spending = models.ForeignKey(Spending, on_delete=models.CASCADE, related_name="alerts")
    budget = models.ForeignKey(
        Budget, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    limit = UsdField(default=0)
    spent = UsdField()
    words = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    # By e-mail: when it went out, how often that was tried, not before when it is tried again.
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_not_before = models.DateTimeField(null=True, blank=True)
    # In the admin: who has taken note of it.
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        # To change one is to take note of it.
        default_permissions = ("view", "change")
        indexes = [models.Index(fields=["created_at"], name="alert_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "spending", "limit"], name="one_alert"),
        ]

    def __str__(self) -> str:
        return self.words
