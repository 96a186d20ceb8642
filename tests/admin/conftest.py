import pytest
from django.contrib.auth.models import Permission

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
