from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from conversations.models import Completion
from tests.admin.ledger import book
from tests.people import make_person


@pytest.fixture
def staff(client, carol):
    """The browser of somebody who may do everything."""
    client.force_login(carol)
    return client


@pytest.fixture
def staff_with(client, db):
    """The browser of staff with just these rights."""

    def sign_in(*rights: str):
        person = make_person("dora", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def used(alice, bob):
    """Two people, one deleted account, two groups, three models, two months, every ending."""
    team = Group.objects.create(name="team")
    alice.groups.add(team, Group.objects.create(name="others"))
    bob.groups.add(team)
    today = timezone.localdate()
    earlier = today.replace(day=1) - timedelta(days=3)
    told = {"estimated_prompt_tokens": 90, "cached_tokens": 40}
    for person, day, call in (
        (alice, today, {"model": "mini", "cost": Decimal("0.75"), **told}),
        (alice, earlier, {"model": "mini", "cost": Decimal("0.125"), "purpose": "summary"}),
        (alice, today, {"model": "large", "cost": None, "error": "server"}),
        (bob, today, {"model": "large", "cost": Decimal(2), "is_estimated": True}),
        (bob, today, {"model": "free", "cost": Decimal(0), "prompt_tokens": 0}),
        (None, today, {"model": "mini", "cost": Decimal("0.0625"), "error": "timeout"}),
        (None, earlier, {"model": "mini", "cost": None}),
    ):
        groups = list(person.groups.order_by("pk").values_list("pk", flat=True)) if person else []
        book(None, user=person, day=day, groups=groups, **call)
    # Still under way: no part of any sum.
    Completion.objects.create(user=alice, model="mini", day=today, groups=[team.pk])
    return team
