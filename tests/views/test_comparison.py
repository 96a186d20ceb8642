import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations.models import Role
from tests.people import make_conversation, say


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def talk(conversation):
    """A question with its answer, and another version of the second question with its own."""
    say(conversation, Role.USER, "Hi")
    fork = say(conversation, Role.ASSISTANT, "Hello")
    for question, answer in [("Tea?", "Green"), ("Coffee?", "Arabica")]:
        say(conversation, Role.USER, question, fork)
        say(conversation, Role.ASSISTANT, answer)
    return conversation


async def test_two_versions_stand_side_by_side_with_what_follows_each(page, talk):
    old, new = [await talk.messages.aget(text=text) for text in ("Tea?", "Coffee?")]

    response = await page.get(f"/c/{talk.pk}/messages/{old.pk}/compare/?with={new.pk}")

    html = response.content.decode()
    places = [html.index(words) for words in ("Tea?", "Green", "Coffee?", "Arabica")]
    assert response.status_code == 200
    assert places == sorted(places)
    assert "Each follows “Hello”" in html
    assert ">Hi<" not in html


async def test_a_comparison_can_be_of_any_two_versions(page, conversation):
    question = await sync_to_async(say)(conversation, Role.USER, "Hi")
    one, two, three = [
        await sync_to_async(say)(conversation, Role.ASSISTANT, text, question)
        for text in ("First", "Second", "Third")
    ]

    response = await page.get(
        f"/c/{conversation.pk}/messages/{one.pk}/compare/?one={two.pk}&with={three.pk}"
    )

    html = response.content.decode()
    assert "Version 2 of 3" in html
    assert "Version 3 of 3" in html
    assert "Version 1 of 3" not in html


async def test_what_are_no_versions_of_one_turn_cannot_be_compared(page, talk):
    one, other = [await talk.messages.aget(text=text) for text in ("Hi", "Tea?")]

    wrong = ["", "?with=nonsense", f"?with={uuid.uuid4()}", f"?with={other.pk}"]
    answers = [await page.get(f"/c/{talk.pk}/messages/{one.pk}/compare/{query}") for query in wrong]

    assert [each.status_code for each in answers] == [404] * 4


async def test_going_on_with_a_version_leads_back_to_the_chat(page, talk):
    old = await talk.messages.aget(text="Hello")

    response = await page.post(f"/c/{talk.pk}/messages/{old.pk}/switch/")

    assert (response.status_code, response.url) == (302, f"/c/{talk.pk}/")


async def test_a_stranger_reads_no_comparison(page, bob, upstream):
    foreign = await sync_to_async(make_conversation)(bob)
    one = await sync_to_async(say)(foreign, Role.USER, "Secret")

    response = await page.get(f"/c/{foreign.pk}/messages/{one.pk}/compare/?with={one.pk}")

    assert response.status_code == 404
