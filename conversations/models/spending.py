"""What is spent and what is promised, by period: the rows that budgets are held by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .budget import Period
from .completion import Completion
from .fields import UsdField
from .message import RUNNING, Message


class SpendingQuerySet(models.QuerySet["Spending"]):
    def of(self, user_id: int | None, groups: Iterable[int], *days: date) -> Self:
        """Every row that calls of this person and these days count in, in the order of locks."""
        whose = Q(user=None, group=None) | Q(group__in=list(groups))
        if user_id is not None:
            whose |= Q(user=user_id)
        months = {Period.MONTH.begin(day) for day in days}
        when = Q(period=Period.DAY, begins__in=days) | Q(period=Period.MONTH, begins__in=months)
        return self.filter(whose, when).order_by("pk")


class Spending(models.Model):
    """USD of one person, of one group or, with neither, of the site, in one period."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="spending"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="+")
    period = models.CharField(max_length=5, choices=Period)
    begins = models.DateField()
    spent = UsdField(default=Decimal(0))
    # The worst case of what is admitted or under way.
    reserved = UsdField(default=Decimal(0))

    objects = SpendingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "spending"
        constraints = [
            models.UniqueConstraint(
                fields=["period", "begins"],
                condition=Q(user=None, group=None),
                name="one_spending_of_site",
            ),
            models.UniqueConstraint(
                fields=["user", "period", "begins"],
                condition=Q(user__isnull=False),
                name="one_spending_per_person",
            ),
            models.UniqueConstraint(
                fields=["group", "period", "begins"],
                condition=Q(group__isnull=False),
                name="one_spending_per_group",
            ),
            models.CheckConstraint(
                condition=Q(user=None) | Q(group=None), name="spending_of_one_subject"
            ),
            models.CheckConstraint(condition=Q(spent__gte=0), name="spent_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="spending_reserved_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"spending of {self.period} {self.begins}"


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def orphaned(self) -> Self:
        """Those that no ending will release: what they were made for has ended, or is gone."""
        return self.exclude(answer__status__in=RUNNING).exclude(
            completion__isnull=False, completion__ended_at=None
        )


class Reservation(models.Model):
    """USD held back for an answer in line, and then for its call; gone when that is settled."""

    answer = models.OneToOneField(
        Message, on_delete=models.SET_NULL, null=True, related_name="reservation"
    )
    completion = models.OneToOneField(
        Completion, on_delete=models.SET_NULL, null=True, related_name="reservation"
    )
    # Whose spending it counts in, and when: the person's groups of that moment.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    groups = models.JSONField(default=list)
    day = models.DateField()
    amount = UsdField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="reservation_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} USD from {self.day}"
