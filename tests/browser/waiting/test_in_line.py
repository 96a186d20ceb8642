"""An answer in line, in a real browser: its place, the ways out, and how it looks."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.browser.waiting.kit import LATER, button, wait_in, watch_words
from tests.upstream_server import Gate, answer, content, done, error_response, finish, role_chunk


def test_the_place_in_line_is_shown_and_moves_up(open_page, busy, upstream):
    first, second = open_page(), open_page()
    held = Gate()
    upstream.play(role_chunk(), held, content("One."), finish("stop"), done(), when="badger")
    upstream.play(*answer("Two."), when="crane")
    ask(first, "A badger")
    expect(wait_in(first)).to_contain_text("Queued, 1st in line.")
    ask(second, "A crane")
    expect(wait_in(second)).to_contain_text("Queued, 2nd in line.")
    expect(second.locator("#say")).to_have_text("Queued, 2nd in line.")
    watch_words(second)
    button(second, "Cancel").focus()

    busy.open()

    held.wait_until_reached()
    expect(wait_in(second)).to_contain_text("Queued, 1st in line.")
    expect(wait_in(first)).to_have_count(0)
    expect(button(second, "Cancel")).to_be_focused()
    assert second.evaluate("heard") == []
    held.open()
    expect(answers(first, "complete").locator(".prose")).to_have_text("One.")
    expect(answers(second, "complete").locator(".prose")).to_have_text("Two.")


def test_a_reload_and_another_tab_show_the_same_wait(open_page, busy, upstream):
    page = open_page()
    ask(page, "Hello")
    expect(wait_in(page)).to_contain_text("Queued, 1st in line.")

    other = page.context.new_page()
    other.goto(page.url)
    page.reload()

    for tab in (page, other):
        expect(wait_in(tab)).to_contain_text("Queued, 1st in line.")
    busy.open()
    for tab in (page, other):
        expect(answers(tab, "complete").locator(".prose")).to_have_text("Hello there!")
        expect(wait_in(tab)).to_have_count(0)


def test_cancel_leaves_the_line_without_a_call(open_page, busy, upstream):
    page = open_page()
    ask(page, "Never mind")

    button(page, "Cancel").dblclick()

    expect(answers(page, "stopped")).to_contain_text("Stopped by you.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(upstream.requests) == 1
    busy.open()
    page.reload()
    expect(answers(page, "stopped")).to_have_count(1)


def test_a_wait_is_left_by_keyboard_alone_and_the_focus_finds_retry(open_page, busy):
    page = open_page()
    page.get_by_role("textbox", name="Message").press_sequentially("By keyboard")
    page.keyboard.press("Enter")
    expect(button(page, "Cancel")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()

    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if button(page, "Cancel").evaluate("it => it === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(answers(page, "stopped").get_by_role("button", name="Retry")).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "Stop"])
def test_escape_and_the_composers_button_leave_the_line_too(open_page, busy, upstream, way):
    page = open_page()
    ask(page, "Hello")
    expect(wait_in(page)).to_be_visible()

    if way == "Escape":
        page.get_by_role("textbox", name="Message").press("Escape")
    else:
        page.get_by_role("button", name="Stop").click()

    expect(answers(page, "stopped")).to_have_count(1)
    assert len(upstream.requests) == 1


def test_another_answer_of_the_chat_waits_as_well(open_page, upstream, busy):
    busy.open()
    page = open_page()
    upstream.play(*answer("One."))
    ask(page, "First")
    expect(answers(page, "complete")).to_have_count(1)
    gate = Gate()
    upstream.play(role_chunk(), gate, content("x"), finish("stop"), done(), when="otter")
    ask(open_page(name="bob"), "An otter again")
    gate.wait_until_reached()

    answers(page).get_by_role("button", name="Retry").click()

    expect(wait_in(page)).to_contain_text("Queued, 1st in line.")
    gate.open()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Hello there!")


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 800, "light"), (390, 844, "dark")])
def test_axe_finds_nothing_and_nothing_overflows(open_page, upstream, width, height, scheme):
    upstream.play(error_response(503, "unavailable", "Busy", headers=LATER))
    page = open_page(
        width=width, height=height, color_scheme=scheme, has_touch=width < 400, bypass_csp=True
    )
    ask(page, "Hello")
    expect(wait_in(page)).to_be_visible()
    wait_in(page).evaluate(
        "it => Promise.all(it.getAnimations().map(each => each.finished)).then(() => null)"
    )

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [each["id"] for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for each in wait_in(page).get_by_role("button").all():
        box = each.bounding_box()
        assert min(box["width"], box["height"]) >= (40 if width < 400 else 24)
