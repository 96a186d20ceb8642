"""What counts for the model and what does not: pinned, excluded, deleted and brought back."""

from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.browser.shaping.acts import choose, expect_words, turns


def test_an_excluded_message_is_not_sent_and_a_pinned_one_says_so(tea, upstream):
    choose(tea, turns(tea, "assistant").first, "Exclude")
    expect(tea.get_by_text("Not sent: excluded")).to_be_visible()
    expect(tea.get_by_role("status").first).to_have_text("Excluded from the context")
    more = turns(tea, "assistant").first.get_by_role("button", name="More actions")
    expect(more).to_be_focused()
    choose(tea, turns(tea, "user").first, "Pin")
    expect(turns(tea, "user").first).to_contain_text("Pinned")

    ask(tea, "And now?")
    expect(answers(tea, "complete")).to_have_count(3)
    sent = [each["content"] for each in upstream.requests[-1].body["messages"]]
    assert sent == ["Which tea?", "Why?", "Because.", "And now?"]
    choose(tea, turns(tea, "assistant").first, "Bring back")
    expect(tea.get_by_text("Not sent: excluded")).to_have_count(0)
    choose(tea, turns(tea, "user").first, "Unpin")
    expect(turns(tea, "user").first).not_to_contain_text("Pinned")


def test_a_deleted_message_is_a_line_with_undo(anywhere, upstream):
    page = anywhere
    choose(page, turns(page, "assistant").first, "Delete")
    line = page.get_by_text("Message deleted. Later messages may refer to it.")
    expect(line.first).to_be_visible()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect_words(page, "Which tea?", "Why?", "Because.")

    page.keyboard.press("Enter")

    expect(undo).to_have_count(0)
    expect_words(page, "Which tea?", "Green tea.", "Why?", "Because.")


def test_what_has_the_focus_after_a_change_works_at_once(tea):
    """Enter may be pressed, or pressed down still, as soon as the button is there."""
    tea.evaluate(
        "addEventListener('focusin', ({target}) => {"
        " if (target.textContent === 'Undo') setTimeout(() => {"
        " target.click(); document.body.dataset.pressed = '' }) })"
    )

    choose(tea, turns(tea, "assistant").first, "Delete")

    expect(tea.locator("body[data-pressed]")).to_be_attached()
    expect(tea.get_by_role("button", name="Undo")).to_have_count(0)
    expect_words(tea, "Which tea?", "Green tea.", "Why?", "Because.")


def test_another_tab_follows(tea):
    other = tea.context.new_page()
    other.goto(tea.url)
    expect(turns(other, "assistant")).to_have_count(2)

    choose(tea, turns(tea, "user").first, "Pin")

    expect(turns(other, "user").first).to_contain_text("Pinned")
