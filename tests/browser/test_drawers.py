"""What will be sent and what was sent, in the drawers, against what the provider received."""

import json
import re

import pytest
from playwright.sync_api import expect

from conversations.context import canonical_json
from tests.browser.conftest import answers, ask, wait_until
from tests.browser.test_page import SIZES, overflow, violations
from tests.upstream_server import Gate, answer, content, done, finish, role_chunk, usage

CLIPBOARD = ["clipboard-read", "clipboard-write"]
LONG = "Tea is best when it is fresh.\n\n" * 12


def choose(site, page, strategy, **numbers):
    """A strategy for the open chat, and the page as it is then."""
    site.manage(
        "from conversations.models import Conversation\n"
        f"found = Conversation.objects.filter(pk={page.url.rstrip('/').rsplit('/', 1)[1]!r})\n"
        f"found.update(strategy={strategy!r}, strategy_numbers={numbers!r})"
    )
    page.reload()


@pytest.fixture
def talk(open_page, upstream, site):
    """Three exchanges of which the next message takes the newest two along, itself included."""
    page = open_page(permissions=CLIPBOARD)
    for number, text in enumerate(("First", "Second", "Third"), start=1):
        upstream.play(*answer(f"{text} answer. <i>{LONG}</i>"))
        ask(page, f"{text} question")
        expect(answers(page, "complete")).to_have_count(number)
    choose(site, page, "window", turns=2)
    return page


def choose_by_hand(page):
    """The same in the settings drawer: the last two turns."""
    page.get_by_role("button", name="Chat settings").click()
    page.get_by_label("What is sent of a long chat").select_option("window")
    page.get_by_label("Turns").fill("2")
    page.get_by_label("Turns").press("Tab")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.keyboard.press("Escape")


def drawer(page, title):
    return page.get_by_role("dialog", name=title)


def open_preview(page):
    page.get_by_role("button", name="Preview").click()
    expect(drawer(page, "What will be sent").get_by_role("listitem").first).to_be_visible()
    return drawer(page, "What will be sent")


def open_saw(page, turn=-1):
    page.get_by_role("button", name="What the model saw").nth(turn).click()
    expect(drawer(page, "What the model saw").get_by_role("listitem").first).to_be_visible()
    return drawer(page, "What the model saw")


def copied(page, inside):
    """What "Copy JSON" put into the clipboard, as canonical JSON."""
    page.evaluate("navigator.clipboard.writeText('nothing yet')")
    inside.get_by_role("button", name="Copy JSON").click()
    wait_until(page, lambda: page.evaluate("navigator.clipboard.readText()") != "nothing yet")
    return canonical_json(json.loads(page.evaluate("navigator.clipboard.readText()")))


def test_what_the_preview_shows_is_what_the_provider_gets_and_what_the_drawer_proves(
    talk, upstream, site
):
    page = talk
    choose(site, page, "fit")
    choose_by_hand(page)
    page.get_by_role("textbox", name="Message").fill("Fourth <b>question</b>")
    page.get_by_role("button", name="4 older messages will be left out").click()
    preview = drawer(page, "What will be sent")
    expect(preview.get_by_role("listitem").filter(has_text="First question")).to_contain_text(
        "Left out: before the last 2 turns"
    )
    expect(preview.get_by_role("listitem").last).to_contain_text("Fourth <b>question</b>")
    previewed = copied(page, preview)
    page.keyboard.press("Escape")

    page.get_by_role("textbox", name="Message").press("Enter")
    expect(answers(page, "complete")).to_have_count(4)
    opener = page.get_by_role("button", name="What the model saw").last
    opener.focus()
    page.keyboard.press("Enter")
    saw = drawer(page, "What the model saw")
    expect(saw).to_contain_text("Proved: the SHA-256 of these messages is that of the array")

    received = canonical_json(upstream.requests[-1].body)
    assert upstream.requests[-1].last_user_text == "Fourth <b>question</b>"
    assert previewed == copied(page, saw) == received
    page.keyboard.press("Escape")
    expect(saw).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_is_copied_on_plain_http_is_the_same(talk, upstream):
    page = talk
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    saw = open_saw(page)

    saw.get_by_role("button", name="Copy JSON").focus()
    page.keyboard.press("Enter")
    expect(saw.locator("[data-say]")).to_have_text("Copied")
    expect(saw.locator("[data-copy-json]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(saw).to_be_hidden()
    page.get_by_role("textbox", name="Message").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_role("textbox", name="Message")).not_to_have_value("")

    pasted = page.get_by_role("textbox", name="Message").input_value()
    assert json.loads(pasted) == upstream.requests[-1].body


def test_the_line_shows_where_the_next_messages_context_begins(talk, site):
    page = talk
    line = page.get_by_text("The model no longer sees messages above.")

    above = page.locator("article:has(+ .horizon) .prose")
    expect(line).to_be_visible()
    expect(above).to_contain_text("Second answer.")
    ask(page, "Fourth question")
    expect(answers(page, "complete")).to_have_count(4)
    expect(above).to_contain_text("Third answer.")
    page.get_by_role("button", name="Retry").last.click()
    expect(page.locator("[data-version]")).to_have_text("Version 2/2")
    expect(answers(page, "complete")).to_have_count(4)
    expect(line).to_have_count(1)
    choose(site, page, "fit")
    expect(answers(page, "complete")).to_have_count(4)
    expect(line).to_have_count(0)


def test_focus_goes_into_a_drawer_and_back_even_when_its_opener_was_replaced(talk):
    page = talk
    open_preview(page)
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_focused()

    page.evaluate("htmx.trigger('#estimate', 'refresh')")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")

    expect(page.locator("#preview-open")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_in_the_drawers_and_nothing_overflows(
    talk, open_page, width, height, scheme
):
    page = open_page(talk.url, width=width, height=height, color_scheme=scheme)
    page.get_by_role("textbox", name="Message").fill("Which <b>one</b>?")

    for opened in (open_preview, open_saw):
        inside = opened(page)
        inside.get_by_text("The request as JSON").click()

        assert violations(page) == []
        assert overflow(page) <= 0
        assert inside.evaluate("drawer => drawer.scrollWidth - drawer.clientWidth") <= 0
        small = inside.evaluate(
            "drawer => [...drawer.querySelectorAll('button, summary')]"
            ".filter(each => each.checkVisibility())"
            ".filter(each => each.getBoundingClientRect().height < 24).map(each => each.innerText)"
        )
        assert small == []
        page.keyboard.press("Escape")


def test_the_estimate_is_one_line_on_a_desktop(talk):
    assert talk.locator("#estimate").evaluate("line => line.offsetHeight") <= 26


def test_a_long_text_is_opened_and_closed_by_keyboard(talk):
    saw = open_saw(talk)
    entry = saw.get_by_role("listitem").filter(has_text="Second answer")
    text = entry.locator(".seen__text")
    short = text.evaluate("text => text.offsetHeight")

    entry.locator("summary").focus()
    talk.keyboard.press("Enter")
    expect(entry.get_by_text("Show less")).to_be_visible()

    assert text.evaluate("text => text.offsetHeight") > 3 * short
    talk.keyboard.press("Enter")
    expect(entry.get_by_text("Show all")).to_be_visible()
    assert text.evaluate("text => text.offsetHeight") == short


def test_a_drawer_that_does_not_load_says_so_and_tries_again(talk):
    page = talk
    page.route(re.compile("/context/"), lambda route: route.abort())
    page.get_by_role("button", name="What the model saw").last.click()
    saw = drawer(page, "What the model saw")
    expect(saw.get_by_role("alert")).to_contain_text("That could not be loaded.")

    page.unroute(re.compile("/context/"))
    saw.get_by_role("button", name="Retry").click()

    expect(saw).to_contain_text("Proved")
    expect(saw.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#notice")).to_be_empty()


def test_every_attempt_is_a_step_away(talk, upstream):
    page = talk
    upstream.play(role_chunk(), content("Half an "), finish("length"), usage(5, 2), done())
    upstream.play(*answer("answer."))
    ask(page, "Go on after that")
    expect(answers(page, "complete")).to_have_count(4)
    page.get_by_role("button", name="Continue").click()
    expect(answers(page, "complete").last.locator(".prose")).to_have_text("Half an answer.")

    saw = open_saw(page)
    expect(saw).to_contain_text("Attempt 2 of 2")
    assert copied(page, saw) == canonical_json(upstream.requests[-1].body)
    first = saw.get_by_role("button", name="1: length")
    first.focus()
    page.keyboard.press("Enter")

    expect(saw).to_contain_text("Attempt 1 of 2")
    expect(first).to_be_focused()
    assert copied(page, saw) == canonical_json(upstream.requests[-2].body)


def test_a_running_answer_can_be_looked_at(talk, upstream):
    page, gate = talk, Gate()
    upstream.play(role_chunk(), content("Half"), gate, content(" and half"), finish(), done())
    ask(page, "Slowly")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("Half")
    page.locator(".turn[data-status=streaming]").hover()

    saw = open_saw(page)

    expect(saw).to_contain_text("still running")
    assert copied(page, saw) == canonical_json(upstream.requests[-1].body)
    gate.open()
    expect(answers(page, "complete")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="What the model saw").last).to_be_focused()


def test_a_summary_leads_to_the_call_that_wrote_it(talk, upstream, site):
    page = talk
    choose(site, page, "summary", summary_tokens=150)
    page.get_by_role("textbox", name="Message").fill("And now?")
    expect(page.locator("#estimate")).to_contain_text("a summary is written first")
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(answers(page, "complete")).to_have_count(4)
    page.get_by_role("textbox", name="Message").fill("And then?")
    preview = open_preview(page)

    preview.get_by_role("button", name="The call that wrote this summary").click()

    saw = drawer(page, "What the model saw")
    expect(saw).to_contain_text("This call was made to write a summary of older messages.")
    page.keyboard.press("Escape")
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#preview-open")).to_be_focused()


def test_a_new_chat_has_its_preview(open_page, upstream):
    page = open_page(permissions=CLIPBOARD)
    page.get_by_role("button", name="Chat settings").click()
    page.get_by_label("System message").fill("Be brief.")
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Message").fill("Hello?")
    previewed = copied(page, open_preview(page))
    page.keyboard.press("Escape")

    page.get_by_role("textbox", name="Message").press("Enter")
    expect(answers(page, "complete")).to_have_count(1)

    assert previewed == canonical_json(upstream.requests[-1].body)


def test_a_drawer_that_one_may_not_see_any_more_gives_way_to_the_words(open_page, upstream):
    page = open_page(name="bob")
    upstream.play(*answer("Green."))
    ask(page, "Which tea?")
    expect(answers(page, "complete")).to_have_count(1)
    page.context.clear_cookies()

    page.get_by_role("button", name="What the model saw").click()

    expect(page.locator("#notice")).to_contain_text("Sign in again")
    expect(page.locator("dialog[open]")).to_have_count(0)
