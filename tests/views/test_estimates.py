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

    line = estimate(page, talk, "Hello").partition('id="spent"')[0]

    assert "cost unknown" in line
    assert "$" not in line


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


def test_the_window_and_what_is_used_of_it_are_told(page, talk):
    html = estimate(page, talk, "Hello")

    assert 'aria-label="Context: 8 of 128,000 tokens"' in html
    # The answer's 4,096 tokens are reserved: amber and red are shares of what is left.
    assert 'min="0" max="128000" low="99123" high="117708" optimum="0" value="8"' in html


def test_the_preview_is_at_hand(page, talk):
    html = estimate(page, talk, "Hello")

    assert f'hx-post="/c/{talk.pk}/preview/"' in html
    assert ">Preview</button>" in html
    assert 'hx-post="/preview/"' in page.post("/estimate/", {"text": "Hi"}).content.decode()


def test_the_newest_message_that_will_not_be_sent_is_named(page, talk):
    talk.strategy, talk.strategy_numbers = "window", {"turns": 2}
    talk.save()
    assert 'data-ends-at=""' in estimate(page, talk, "Hello")
    say(talk, Role.USER, "One")
    last = say(talk, Role.ASSISTANT, "1")
    say(talk, Role.USER, "Two")
    say(talk, Role.ASSISTANT, "2")

    html = estimate(page, talk, "Hello")

    assert f'data-ends-at="{last.pk}"' in html
    assert "2 older messages will be left out</button>" in html


def test_a_summary_that_is_due_is_announced(page, talk):
    talk.strategy, talk.strategy_numbers = "summary", {"summary_tokens": 100}
    talk.save()
    say(talk, Role.USER, "word " * 200)
    say(talk, Role.ASSISTANT, "Yes")

    assert "a summary is written first" in estimate(page, talk, "Hello")


def test_the_preview_stays_at_hand_where_the_message_cannot_be_sent(page, talk):
    html = estimate(page, talk, "word " * 130_000)

    assert "estimate__problem" in html
    assert ">Preview</button>" in html


def test_nothing_is_said_to_be_left_out_of_what_is_not_sent(page, talk):
    talk.strategy = "everything"
    talk.save()
    for _ in range(2):
        say(talk, Role.USER, "word " * 100_000)
        say(talk, Role.ASSISTANT, "Yes")

    html = estimate(page, talk, "Hello")

    assert "this chat leaves nothing out" in html
    assert "will be left out" not in html


def test_typing_counts_no_stored_text_again(page, talk, monkeypatch):
    say(talk, Role.USER, "Hello")
    estimate(page, talk, "H")
    counted = []
    monkeypatch.setattr("conversations.threads.tokens.count", lambda *each: counted.append(each))

    estimate(page, talk, "He")

    assert counted == []
