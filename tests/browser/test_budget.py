"""What a budget does to the page, in a real browser: words, the offer, the meter, one's usage."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.browser.test_page import overflow, violations
from tests.people import PASSWORD
from tests.upstream_server import answer, content, done, finish, role_chunk, usage

# gpt-4o-mini: 4,096 tokens of answer may cost $0.0025.
ROOM_FOR_SOME = "0.001"
numbers = itertools.count()


def spend(site, name, amount):
    """In no chat of theirs."""
    site.manage(
        "from decimal import Decimal\n"
        "from django.contrib.auth.models import User\n"
        "from tests.admin.ledger import book\n"
        f"book(None, user=User.objects.get(username={name!r}), cost=Decimal({amount!r}))"
    )


def allow(site, name, amount):
    site.manage(
        "from decimal import Decimal\n"
        "from conversations.models import Budget\n"
        f"Budget.objects.filter(person__username={name!r}).update(limit=Decimal({amount!r}))"
    )


@pytest.fixture
def somebody(site):
    """Make a person of this test's own, with a budget of theirs."""

    def make(limit, spent="0"):
        name = f"saver{next(numbers)}"
        site.manage(
            "from decimal import Decimal\n"
            "from django.contrib.auth.models import User\n"
            "from conversations.models import Budget\n"
            "from tests.admin.ledger import book\n"
            f"made = User.objects.create_user({name!r}, password={PASSWORD!r})\n"
            f"Budget.objects.create(scope='person', person=made, limit=Decimal({limit!r}))\n"
            f"book(None, user=made, cost=Decimal({spent!r}))"
        )
        return name

    return make


def box(page):
    return page.get_by_role("textbox", name="Message")


def send_button(page):
    return page.get_by_role("button", name="Send", exact=True)


def offer(place):
    return place.get_by_role("button", name=re.compile(r"^Send with an? [\d,]+-token limit$"))


def tokens_of(button):
    return int(re.search(r"[\d,]+", button.inner_text())[0].replace(",", ""))


def notice(page):
    return page.locator("#notice")


def test_over_budget_sending_is_disabled_until_there_is_money_again(
    open_page, site, somebody, upstream
):
    name = somebody("0.5", spent="0.5")
    page = open_page(name=name)

    box(page).fill("Words that matter")

    line = page.locator("#estimate")
    expect(line).to_contain_text("You have used this month's")
    expect(line).to_contain_text("It resets on 1 ")
    expect(send_button(page)).to_have_attribute("aria-disabled", "true")
    expect(send_button(page)).to_have_accessible_description(re.compile("You have used"))
    assert violations(page) == []
    box(page).press("Enter")
    expect(page.locator("#alarm")).to_contain_text("You have used this month's")
    expect(box(page)).to_have_value("Words that matter")
    assert upstream.requests == []

    allow(site, name, "5")
    box(page).press("Enter")  # asks again whether there is money
    expect(send_button(page)).to_have_attribute("aria-disabled", "false")
    expect(line).to_contain_text("to send")
    box(page).press("Enter")

    expect(answers(page, "complete")).to_have_count(1)


def test_the_door_refuses_in_words_and_the_draft_is_kept(open_page, site, somebody, upstream):
    name = somebody("5")
    page = open_page(name=name)
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)
    spend(site, name, "6")

    ask(page, "One too many")

    expect(notice(page)).to_contain_text("You have used this month's $5.00. It resets on 1 ")
    expect(notice(page).get_by_role("button", name="Change settings")).to_be_visible()
    expect(offer(notice(page))).to_have_count(0)
    expect(page.locator("#alarm")).to_contain_text("You have used this month's $5.00.")
    expect(box(page)).to_have_value("One too many")
    expect(answers(page)).to_have_count(1)
    expect(send_button(page)).to_have_attribute("aria-disabled", "true")
    assert violations(page) == []
    page.reload()
    expect(box(page)).to_have_value("One too many")


@pytest.mark.parametrize("is_first", [True, False])
def test_the_offer_sends_it_with_the_limit_that_fits(open_page, site, somebody, upstream, is_first):
    name = somebody(ROOM_FOR_SOME if is_first else "5")
    page = open_page(name=name)
    if not is_first:
        ask(page, "Hello")
        expect(answers(page, "complete")).to_have_count(1)
        allow(site, name, ROOM_FOR_SOME)
    upstream.play(role_chunk(), content("A beginning"), finish("length"), usage(9, 2), done())
    ask(page, "Tell me much", leads=False)
    expect(notice(page)).to_contain_text("This could cost $0.0025;")
    expect(box(page)).to_have_value("Tell me much")
    fits = tokens_of(offer(notice(page)))
    expect(offer(page)).to_have_count(1)  # not once more below

    offer(notice(page)).click()

    expect(answers(page, "complete").last).to_contain_text("A beginning")
    expect(answers(page).last).to_contain_text(f"Stopped at the {fits:,}-token limit.")
    expect(box(page)).to_have_value("")
    expect(notice(page)).to_be_empty()
    assert upstream.requests[-1].body["max_tokens"] == fits
    # For this once: the chat's own setting stays as it is.
    page.get_by_role("button", name="Chat settings").click()
    expect(page.get_by_label("Max tokens")).to_have_value("")


def test_the_estimates_offer_by_keyboard_alone(open_page, somebody, upstream):
    page = open_page(name=somebody(ROOM_FOR_SOME))
    page.keyboard.type("Hello")
    button = offer(page.locator("#estimate"))
    expect(button).to_be_visible()
    expect(page.locator("#estimate")).to_contain_text("is left.")
    expect(send_button(page)).to_have_attribute("aria-disabled", "false")
    fits = tokens_of(button)

    for _ in range(3):  # model, Send, the offer
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")

    expect(answers(page, "complete").locator(".prose")).to_have_text("Hello there!")
    assert upstream.requests[-1].body["max_tokens"] == fits


@pytest.mark.parametrize("act", ["Retry", "Edit", "Continue", "Fresh start"])
def test_whatever_asks_for_an_answer_is_offered_the_limit(open_page, site, somebody, upstream, act):
    name = somebody("5")
    page = open_page(name=name)
    upstream.play(role_chunk(), content("Half"), finish("length"), usage(9, 2), done())
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)
    allow(site, name, ROOM_FOR_SOME)
    calls = len(upstream.requests)

    if act == "Edit":
        page.locator("[data-role=user]").get_by_role("button", name="Edit").click()
        page.get_by_label("Edit this message").fill("Hello there")
        page.get_by_role("button", name="Send as version").click()
    elif act == "Fresh start":
        page.get_by_role("button", name="Chat settings").click()
        page.get_by_role("dialog").get_by_role("button", name=act).click()
    else:
        answers(page).get_by_role("button", name=act).click()
    expect(notice(page)).to_contain_text("This could cost")
    fits = tokens_of(offer(notice(page)))
    address = page.url
    offer(notice(page)).click()

    if act == "Fresh start":
        page.wait_for_url(lambda url: url != address)
    expect(answers(page, "complete").last).to_contain_text("Hello there!")
    expect(notice(page)).to_be_empty()
    assert len(upstream.requests) == calls + 1
    assert upstream.requests[-1].body["max_tokens"] == fits


def test_a_wrong_setting_meanwhile_does_not_take_the_offers_place(
    open_page, site, somebody, upstream
):
    name = somebody("5")
    page = open_page(name=name)
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)
    allow(site, name, ROOM_FOR_SOME)
    ask(page, "Again")
    expect(offer(notice(page))).to_be_visible()
    page.get_by_role("button", name="Chat settings").click()
    page.get_by_label("Top p").fill("7")
    page.get_by_label("Top p").press("Tab")
    expect(page.locator("#id_top_p_error")).not_to_be_empty()
    page.keyboard.press("Escape")

    offer(notice(page)).click()

    expect(answers(page, "complete")).to_have_count(2)


@pytest.mark.parametrize("width", [1280, 390])
def test_meter_and_totals_move_with_each_answer_and_turn_amber(
    open_page, somebody, upstream, width
):
    page = open_page(name=somebody("1", spent="0.7985"), width=width, height=844)
    meter, totals = page.locator("#spent"), page.locator("#totals")
    if width == 390:
        page.get_by_role("button", name="Open conversations").click()
    expect(meter).to_be_visible()
    expect(meter).to_contain_text("This month $0.80 of $1.00")
    gauge = meter.locator("meter")
    expect(gauge).not_to_have_attribute("data-state", re.compile("."))
    if width == 390:
        page.keyboard.press("Escape")

    upstream.play(*answer("Dear", prompt=10_000, completion=1_000))
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)

    expect(totals).to_have_text("11k tokens · $0.0021")
    expect(totals).to_be_visible()
    expect(gauge).to_have_attribute("data-state", "near")
    upstream.play(*answer("Dear", prompt=100_000, completion=10_000))
    ask(page, "Once more")
    expect(answers(page, "complete")).to_have_count(2)
    expect(meter).to_contain_text("$0.82 of $1.00")
    expect(totals).to_have_text("121k tokens · $0.0231")
    assert overflow(page) <= 0


def test_the_meter_keeps_the_focus_when_it_moves(open_page, site, somebody):
    name = somebody("5")
    page = open_page(name=name)
    link = page.get_by_role("link", name=re.compile("This month"))
    expect(link).to_contain_text("$0.00 of $5.00")
    link.focus()
    spend(site, name, "2")

    page.evaluate("htmx.trigger('#estimate', 'refresh')")

    expect(link).to_contain_text("$2.00 of $5.00")
    expect(link).to_be_focused()


def test_amber_is_amber(open_page, somebody):
    def colour(page):
        return page.locator("#spent meter").evaluate(
            "meter => getComputedStyle(meter).getPropertyValue('--fill')"
        )

    calm = colour(open_page(name=somebody("1", spent="0.79")))
    near = colour(open_page(name=somebody("1", spent="0.80")))
    reached = colour(open_page(name=somebody("1", spent="1")))

    assert len({calm, near, reached}) == 3


@pytest.fixture
def spender(open_page, somebody, upstream):
    """Somebody who has a chat with a long name, and a budget."""
    name = somebody("1", spent="0.4")
    page = open_page(name=name)
    upstream.play(*answer("Dear", prompt=100_000, completion=10_000))
    ask(page, "Why-is-tea-" * 12)
    expect(answers(page, "complete")).to_have_count(1)
    return name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844), (320, 640)])
def test_ones_usage_is_for_everybody_to_read(open_page, spender, width, height, scheme):
    page = open_page("/usage/", name=spender, width=width, height=height, color_scheme=scheme)

    expect(page.get_by_role("heading", level=1)).to_have_text("Your usage")
    expect(page.get_by_role("table")).to_have_count(3)
    expect(page.get_by_role("img", name=re.compile("Stacked bars"))).to_be_visible()
    assert violations(page) == []
    assert overflow(page) <= 0


def test_to_ones_usage_and_back_by_keyboard(open_page, spender):
    page = open_page(name=spender)
    page.get_by_role("link", name=re.compile("Why-is")).click()
    page.wait_for_url("**/c/**")
    chat = page.url
    meter = page.get_by_role("link", name=re.compile("This month"))

    meter.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/usage/**")
    expect(page.get_by_text("You have used $0.42 of this month's $1.00.")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Back to the chat")).to_be_focused()
    for words in ("This month", "Last month", "Last 12 months"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=words)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By month")).to_be_visible()
    expect(page.get_by_role("link", name="Last 12 months")).to_have_attribute(
        "aria-current", "page"
    )
    page.get_by_role("link", name="Back to the chat").click()
    page.wait_for_url(chat)
