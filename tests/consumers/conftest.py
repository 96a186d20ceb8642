import pytest
from django.test import Client

from tests.turns_kit import *  # noqa: F403 - fixtures of every test with a running answer


@pytest.fixture
def alices_client(alice):
    client = Client()
    client.force_login(alice)
    return client
