"""How much may be spent: by one person, by a group together, by the whole site; a day or a month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from .fields import UsdField

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class Scope(models.TextChoices):
    """Whose spending counts. A person's own budget takes the place of the one for each person."""

    SITE = "site", "the whole site"
    GROUP = "group", "a group, all its members together"
    EACH = "each", "each person"
    PERSON = "person", "one person"


class Period(models.TextChoices):
    DAY = "day", "a day"
    MONTH = "month", "a month"

    def begin(self, day: date) -> date:
        """The first day of the period that this day is in."""
        return day if self == Period.DAY else day.replace(day=1)

    def reset(self, day: date) -> date:
        """The first day of the next one."""
        if self == Period.DAY:
            return day + timedelta(days=1)
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class BudgetQuerySet(models.QuerySet["Budget"]):
    def over(self, person: AbstractBaseUser | int | None, groups: Iterable[int]) -> Self:
        """All that could hold for a call of this person: the caller picks between each and own."""
        theirs = Q(scope__in=(Scope.SITE, Scope.EACH)) | Q(group__in=list(groups))
        # Nobody has none: a condition on null would find those of every group.
        return self.filter(theirs if person is None else theirs | Q(person=person))


class Budget(models.Model):
    """At most so much in each period, by the site's calendar."""

    scope = models.CharField(max_length=6, choices=Scope)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    limit = UsdField(help_text="USD in each period; nothing is called past it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering = ["scope", "period", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "period"],
                condition=Q(scope__in=(Scope.SITE, Scope.EACH)),
                name="one_budget_for_all",
                violation_error_message="There is one already; change that.",
            ),
            models.UniqueConstraint(
                fields=["person", "period"],
                condition=Q(person__isnull=False),
                name="one_budget_per_person",
                violation_error_message="This person has one already; change that.",
            ),
            models.UniqueConstraint(
                fields=["group", "period"],
                condition=Q(group__isnull=False),
                name="one_budget_per_group",
                violation_error_message="This group has one already; change that.",
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.PERSON, person__isnull=False, group=None)
                | Q(scope=Scope.GROUP, person=None, group__isnull=False)
                | Q(scope__in=(Scope.SITE, Scope.EACH), person=None, group=None),
                name="budget_has_its_subject",
                violation_error_message="Name the person or the group that it is for, or neither.",
            ),
            models.CheckConstraint(condition=Q(limit__gte=0), name="limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.whose}, {self.get_period_display()}"

    @property
    def whose(self) -> str:
        if self.person:
            return str(self.person.get_username())
        return f"group {self.group.name}" if self.group else self.get_scope_display()


class BudgetOverride(models.Model):
    """More for one period, by whom and why: a row of a log, never changed.

    `person` says for whom, where the budget is one for each person.
    """

    budget = models.ForeignKey(
        Budget, on_delete=models.SET_NULL, null=True, related_name="overrides"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    begins = models.DateField()
    amount = UsdField()
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)
    # As they were called then: the log outlives the budget and the accounts.
    budget_words = models.CharField(max_length=200)
    person_name = models.CharField(max_length=150, blank=True)
    made_by_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = "budget override"
        default_permissions = ("add", "view")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="override_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} USD more for {self.budget_words}"
