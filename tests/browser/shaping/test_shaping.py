"""Shaping a conversation in a real browser: versions, messages by hand, branches."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.browser.shaping.acts import NARROW, PHONE, WIDE, choose, expect_words, talk, turns
from tests.browser.test_page import overflow, violations
from tests.upstream_server import Gate, answer, content, done, finish, hang, role_chunk

# --- versions -------------------------------------------------------------------------------


def test_an_edited_question_is_a_version_with_its_answer_and_the_old_branch_is_whole(
    anywhere, upstream
):
    page = anywhere
    upstream.play(*answer("Arabica."))
    turns(page, "user").first.get_by_role("button", name="Edit").press("Enter")
    box = page.get_by_label("Edit this message")
    expect(box).to_be_focused()
    expect(box).to_have_value("Which tea?")
    expect(page.get_by_text("Version 1 is kept.")).to_be_visible()
    box.fill("Which coffee?")
    page.get_by_role("button", name="Send as version 2").press("Enter")

    expect(turns(page, "user")).to_have_count(1)
    expect(turns(page, "user")).to_contain_text("2/2")
    expect_words(page, "Which coffee?", "Arabica.")
    page.get_by_role("button", name="Previous version").press("Enter")
    expect(turns(page, "user")).to_have_count(2)
    expect(turns(page, "user").first).to_contain_text("1/2")
    expect_words(page, "Which tea?", "Green tea.", "Why?", "Because.")
    page.get_by_role("button", name="Next version").press("Enter")
    expect(turns(page, "user")).to_have_count(1)
    expect_words(page, "Which coffee?", "Arabica.")


def test_enter_sends_an_edit_and_shift_enter_does_not(tea, upstream):
    upstream.play(*answer("Two lines."))
    turns(tea, "user").last.get_by_role("button", name="Edit").click()
    tea.keyboard.press("Shift+Enter")
    tea.keyboard.type("Say.")
    tea.keyboard.press("Enter")

    expect(answers(tea, "complete").last).to_contain_text("Two lines.")
    assert upstream.requests[-1].body["messages"][-1]["content"] == "Why?\nSay."
    expect(tea.get_by_role("textbox", name="Message", exact=True)).to_be_focused()


def test_an_edited_answer_is_a_version_by_hand(tea, upstream):
    sent = len(upstream.requests)
    turns(tea, "assistant").last.get_by_role("button", name="Edit").click()
    expect(tea.get_by_role("button", name="Save without sending")).to_be_hidden()
    tea.get_by_label("Edit this message").fill("Because **I** say so.")
    tea.get_by_role("button", name="Save as version 2").click()

    turn = turns(tea, "assistant").last
    expect(turn.locator("strong")).to_have_text("I")
    expect(turn).to_contain_text("Written by hand")
    expect(turn).to_contain_text("2/2")
    expect(turn.get_by_role("button").first).to_be_focused()
    assert len(upstream.requests) == sent


def test_a_question_saved_without_sending_can_get_its_answer_later(tea, upstream):
    turns(tea, "user").last.get_by_role("button", name="Edit").click()
    tea.get_by_label("Edit this message").fill("Why not coffee?")
    tea.get_by_role("button", name="Save without sending").click()
    expect(tea.get_by_role("button", name="Get an answer")).to_be_visible()
    expect_words(tea, "Which tea?", "Green tea.", "Why not coffee?")

    upstream.play(*answer("It is late."))
    tea.get_by_role("button", name="Get an answer").press("Enter")

    expect(answers(tea, "complete").last).to_contain_text("It is late.")
    expect(tea.get_by_role("button", name="Get an answer")).to_have_count(0)


def test_escape_closes_an_edit_and_asks_where_something_was_changed(tea):
    button = turns(tea, "user").first.get_by_role("button", name="Edit")
    button.press("Enter")
    tea.keyboard.press("Escape")
    expect(tea.get_by_label("Edit this message")).to_have_count(0)
    expect(button).to_be_focused()

    button.press("Enter")
    tea.keyboard.type(" Indeed?")
    tea.keyboard.press("Escape")
    expect(tea.get_by_text("Discard your changes?")).to_be_visible()
    expect(tea.get_by_role("button", name="Keep editing")).to_be_focused()
    tea.keyboard.press("Enter")
    expect(tea.get_by_label("Edit this message")).to_have_value("Which tea? Indeed?")
    tea.keyboard.press("Escape")
    tea.get_by_role("button", name="Discard").press("Enter")

    expect(tea.get_by_label("Edit this message")).to_have_count(0)
    expect(turns(tea, "user").first).to_contain_text("Which tea?")


def test_an_edit_outlives_a_look_elsewhere_a_change_and_a_reload(tea):
    turns(tea, "user").first.get_by_role("button", name="Edit").click()
    tea.keyboard.type(" Indeed?")
    box = tea.get_by_label("Edit this message")

    tea.get_by_role("textbox", name="Message", exact=True).click()
    expect(box).to_have_value("Which tea? Indeed?")
    choose(tea, turns(tea, "assistant").last, "Pin")
    expect(turns(tea, "assistant").last).to_contain_text("Pinned")
    expect(box).to_have_value("Which tea? Indeed?")
    tea.reload()
    expect(box).to_have_value("Which tea? Indeed?")


def test_a_refused_edit_stays_in_place(tea, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Slow"), gate, finish("stop"), done())
    ask(tea, "Go on")
    expect(answers(tea, "streaming")).to_have_count(1)
    turns(tea, "user").first.get_by_role("button", name="Edit").click()
    tea.keyboard.type(" Indeed?")
    tea.keyboard.press("Enter")

    expect(tea.locator("#notice")).to_contain_text("still being written")
    expect(tea.get_by_label("Edit this message")).to_have_value("Which tea? Indeed?")
    gate.open()
    expect(answers(tea, "complete")).to_have_count(3)
    expect(tea.get_by_label("Edit this message")).to_have_value("Which tea? Indeed?")


def test_the_up_arrow_in_an_empty_composer_edits_the_last_message(tea):
    composer = tea.get_by_role("textbox", name="Message", exact=True)
    composer.press("ArrowUp")

    expect(tea.get_by_label("Edit this message")).to_be_focused()
    expect(tea.get_by_label("Edit this message")).to_have_value("Why?")
    tea.keyboard.press("Escape")
    composer.fill("Words")
    composer.press("ArrowUp")
    expect(tea.get_by_label("Edit this message")).to_have_count(0)


def test_an_answer_can_be_retried_with_another_model(tea, upstream):
    upstream.play(*answer("By another."))

    choose(tea, turns(tea, "assistant").last, "Retry with another model")
    expect(tea.locator("#log").get_by_label("Model")).to_be_focused()
    tea.keyboard.type("gpt-4o")
    tea.keyboard.press("Enter")

    expect(answers(tea, "complete").last).to_contain_text("By another.")
    expect(tea.get_by_role("article", name="Assistant, gpt-4o", exact=True)).to_be_visible()
    assert upstream.requests[-1].body["model"] == "gpt-4o"


def test_a_stopped_answer_goes_on_where_it_ended(page, upstream):
    upstream.play(role_chunk(), content("Half of"), hang())
    ask(page, "Tell me")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("Half of")
    page.get_by_role("button", name="Stop").click()
    upstream.play(*answer(" a story."))

    page.get_by_role("button", name="Continue").press("Enter")

    expect(answers(page, "complete").locator(".prose")).to_have_text("Half of a story.")
    expect(answers(page)).to_have_count(1)
    page.reload()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Half of a story.")


# --- by hand --------------------------------------------------------------------------------


def test_a_message_by_hand_stands_where_it_was_written(anywhere, upstream):
    page = anywhere
    sent = len(upstream.requests)
    choose(page, turns(page, "assistant").first, "Write a message after this")
    page.get_by_label("From").select_option("System")
    page.get_by_label("The message").fill("Answer in French.")
    page.get_by_role("button", name="Save", exact=True).press("Enter")

    turn = turns(page, "system")
    expect(turn).to_contain_text("System message")
    expect(turn).to_contain_text("Written by hand")
    expect_words(page, "Which tea?", "Green tea.", "Answer in French.", "Why?", "Because.")
    assert len(upstream.requests) == sent


def test_a_message_by_hand_can_stand_before_all_others(tea):
    choose(tea, turns(tea, "user").first, "Write a message before this")
    tea.keyboard.type("Hello.")
    tea.keyboard.press("Enter")

    expect_words(tea, "Hello.", "Which tea?", "Green tea.", "Why?", "Because.")


def test_a_chat_can_begin_by_hand(page, upstream):
    page.get_by_role("button", name="Write the first message by hand").press("Enter")
    expect(page.get_by_label("The message")).to_be_focused()
    page.keyboard.type("Which tea?")
    page.keyboard.press("Enter")

    page.wait_for_url("**/c/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which tea?")
    expect_words(page, "Which tea?")
    assert upstream.requests == []
    upstream.play(*answer("Green."))
    page.get_by_role("button", name="Get an answer").click()
    expect(answers(page, "complete")).to_contain_text("Green.")


# --- other chats, other versions ------------------------------------------------------------


def test_a_branch_is_a_chat_of_its_own(tea):
    origin = tea.url
    choose(tea, turns(tea, "assistant").first, "Branch into a new chat")

    tea.wait_for_url(lambda url: url != origin)
    expect(tea.get_by_text("Branched from")).to_be_visible()
    expect_words(tea, "Which tea?", "Green tea.")
    tea.get_by_role("link", name="“Which tea?”").click()
    tea.wait_for_url(origin)


@pytest.mark.parametrize(("size", "is_beside"), [(WIDE, True), (PHONE, False)])
def test_two_versions_can_be_compared(open_page, upstream, size, is_beside):
    page = open_page(width=size[0], height=size[1])
    talk(page, upstream, ("Tea?", "Green tea."))
    upstream.play(*answer("Arabica."))
    turns(page, "user").get_by_role("button", name="Edit").click()
    page.get_by_label("Edit this message").fill("Coffee?")
    page.keyboard.press("Control+Enter")
    expect(answers(page, "complete")).to_contain_text("Arabica.")

    page.get_by_role("link", name="Compare").press("Enter")

    left, right = [page.get_by_role("region", name=f"Version {n} of 2") for n in (1, 2)]
    expect(left).to_contain_text("Green tea.")
    expect(right).to_contain_text("Arabica.")
    page.wait_for_load_state()  # its stylesheet with it
    boxes = left.bounding_box(), right.bounding_box()
    assert (boxes[0]["y"] == boxes[1]["y"]) is is_beside
    assert violations(page) == []
    assert overflow(page) <= 0
    left.get_by_role("button", name="Go on with this version").click()
    expect(answers(page, "complete")).to_contain_text("Green tea.")


# --- how it looks, and to whom --------------------------------------------------------------


def small_targets(page, least):
    """Controls in sight that are less than so many pixels high or wide."""
    return page.evaluate(
        """least => [...document.querySelectorAll(
            '#log :is(button, select, textarea, input), .foot a, :popover-open :is(button, a)')]
          .filter(each => each.checkVisibility())
          .map(each => [each.textContent, each.getBoundingClientRect()])
          .filter(([, {width, height}]) => width && Math.min(width, height) < least)
          .map(([words]) => words)""",
        least,
    )


@pytest.fixture
def shaped(tea):
    """Every mark and every form that a turn can have."""
    choose(tea, turns(tea, "assistant").last, "Write a message after this")
    tea.get_by_label("From").select_option("System")
    tea.get_by_label("The message").fill("Answer in French.")
    tea.keyboard.press("Enter")
    expect(turns(tea, "system")).to_have_count(1)
    choose(tea, turns(tea, "user").first, "Pin")
    expect(turns(tea, "user").first).to_contain_text("Pinned")
    choose(tea, turns(tea, "assistant").first, "Exclude")
    expect(tea.get_by_text("Not sent: excluded")).to_be_visible()
    turns(tea, "user").last.get_by_role("button", name="Edit").click()
    tea.get_by_label("Edit this message").fill("Another")
    tea.get_by_role("button", name="Save without sending").click()
    expect(turns(tea, "user").last).to_contain_text("2/2")
    choose(tea, turns(tea, "assistant").first, "Delete")
    expect(tea.get_by_role("button", name="Undo")).to_be_visible()
    return tea.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [WIDE, PHONE, NARROW])
def test_axe_finds_nothing_and_nothing_overflows(open_page, shaped, width, height, scheme):
    page = open_page(shaped, width=width, height=height, color_scheme=scheme, has_touch=width < 700)
    turns(page, "user").first.get_by_role("button", name="Edit").click()
    choose(page, turns(page, "user").last, "Write a message after this")
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Discard your changes?")).to_be_visible()
    turns(page, "user").last.get_by_role("button", name="More actions").press("Enter")
    expect(page.get_by_role("menu", name="Message")).to_be_visible()

    assert violations(page) == []
    assert overflow(page) <= 0
    assert small_targets(page, 24 if width > 700 else 40) == []
    menu = page.get_by_role("menu", name="Message").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= width
