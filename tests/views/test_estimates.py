import pytest
from django.test import Client

from conversations.models import Role
from tests.people import make_conversation, say


@pytest.fixture
def page(alice, prices):
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice):
    return make_conversation(alice)


def estimate(page, talk, text):
    return page.post(f"/c/{talk.pk}/estimate/", {"text": text}).content.decode()


def test_tokens_and_cost_are_told_before_sending(page, talk):
    # 3 to open the answer, 3 around the message, 1 for its role, 1 for "Hello".
    html = estimate(page, talk, "Hello")

    assert "≈ 8 tokens to send" in html
    # 4,096 tokens of answer at $0.60 per million.
    assert "$0.0025" in html


def test_the_whole_thread_counts(page, talk):
    say(talk, Role.USER, "Hello")
    say(talk, Role.ASSISTANT, "Hello")

    assert "≈ 18 tokens to send" in estimate(page, talk, "Hello")


def test_cost_of_an_unknown_model_is_unknown(page, talk):
    talk.model = "house-model"
    talk.save()

    html = estimate(page, talk, "Hello")

    assert "cost unknown" in html
    assert "$" not in html


def test_what_does_not_fit_is_said_before_sending(page, talk):
    assert "over the model" in estimate(page, talk, "word " * 130_000)


def test_older_messages_that_will_be_left_out_are_counted(page, talk):
    for _ in range(3):
        say(talk, Role.USER, "word " * 50_000)
        say(talk, Role.ASSISTANT, "Yes")

    assert "2 older messages will be left out" in estimate(page, talk, "Hello")


def test_a_new_chat_counts_its_system_message(page, settings):
    settings.DEMO_MODE = False
    form = {"text": "Hello", "model": "gpt-4o-mini", "system_message": "Hello"}

    assert "≈ 13 tokens to send" in page.post("/estimate/", form).content.decode()


def test_a_strangers_estimate_is_404(page, bob):
    response = page.post(f"/c/{make_conversation(bob).pk}/estimate/", {"text": "Hello"})

    assert response.status_code == 404
