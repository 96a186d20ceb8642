import pytest
from django.test import AsyncClient

from conversations.models import Role, Status
from tests.people import say


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def talk(conversation):
    """A question, its answer, another question and an answer that was stopped."""
    for role, text in [(Role.USER, "Hi"), (Role.ASSISTANT, "Hello"), (Role.USER, "Tea?")]:
        say(conversation, role, text)
    say(conversation, Role.ASSISTANT, "Green", status=Status.STOPPED, model="gpt-4o-mini")
    return conversation
