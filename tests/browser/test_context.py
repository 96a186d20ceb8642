"""What is sent of a long chat, in a real browser: fresh starts, and a prompt that is too long."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.upstream_server import answer, error_response


def set_strategy(page, name):
    page.get_by_role("button", name="Chat settings").click()
    page.get_by_label("What is sent of a long chat").select_option(name)
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.keyboard.press("Escape")


def too_long():
    return error_response(
        400,
        code="context_length_exceeded",
        message="This model's maximum context length is 4300 tokens. However, you requested"
        " 5000 tokens (904 in the messages, 4096 in the completion).",
    )


@pytest.fixture
def talk(page, upstream):
    for number, question in enumerate(("One?", "Two?", "Three?"), start=1):
        upstream.play(*answer(f"{number} " + "word " * 60))
        ask(page, question)
        expect(answers(page, "complete")).to_have_count(number)
    return page


def test_what_is_too_long_to_be_sent_whole_leads_to_a_fresh_start(talk, upstream):
    set_strategy(talk, "everything")
    address = talk.url
    ask(talk, "word " * 130_000)

    expect(talk.locator("#notice")).to_contain_text("this chat leaves nothing out")
    assert talk.get_by_role("textbox", name="Message").input_value().startswith("word word")
    upstream.play(*answer("One, two and three were asked."))
    talk.get_by_role("button", name="Fresh start").click()

    expect(answers(talk, "complete")).to_have_count(1)
    expect(answers(talk)).to_contain_text("One, two and three were asked.")
    assert talk.url != address
    expect(answers(talk, "complete")).to_contain_text("Here's what was discussed:")
    talk.get_by_role("link", name="“One?”").click()
    expect(answers(talk, "complete")).to_have_count(3)
    assert talk.url == address


def test_a_prompt_that_the_provider_finds_too_long_is_sent_again_and_says_so(talk, upstream):
    upstream.play(*too_long())
    upstream.play(*answer("Four."))

    ask(talk, "Four?")

    expect(answers(talk, "complete")).to_have_count(4)
    expect(answers(talk).last).to_contain_text("more was left out and it was sent again")
    talk.get_by_role("button", name="What the model saw").last.click()
    drawer = talk.get_by_role("dialog", name="What the model saw")
    expect(drawer.get_by_text("over the limit").first).to_be_visible()
    expect(drawer.get_by_text("context length").first).to_be_visible()
