import pytest

from tests.people import make_conversation


@pytest.fixture
def tea(alice):
    return make_conversation(alice)
