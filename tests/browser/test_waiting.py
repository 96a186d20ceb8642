"""An answer in line, in a real browser: what it waits for, the ways out, and what is refused."""

import re
import time
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from conversations.transcript.waiting import soon
from tests.browser.conftest import QUICK, answers, ask, sign_in, wait_until
from tests.people import PASSWORD
from tests.site import Site
from tests.upstream_server import Gate, answer, content, done, error_response, finish, role_chunk

# Long enough to look at; most tests do not wait for it.
LATER = {"Retry-After": "40"}
ONE_AT_A_TIME = {
    "MAX_CALLS": "1",
    "RETRY_SECONDS": "300",
    "RETRY_BASE_SECONDS": "0.05",
    "RETRY_CAP_SECONDS": "0.1",
    "CIRCUIT_FAILURES": "4",
    "CIRCUIT_SECONDS": "50",
}


def site_in(folder, provider, **environment):
    found = Site(
        folder,
        OPENAI_BASE_URL=provider.base_url,
        OPENAI_API_KEY="sk-test-0123456789abcdefghij",
        DEFAULT_MODEL="gpt-4o-mini",
        **{**QUICK, **environment},
    ).start()
    found.manage(
        "from django.contrib.auth.models import User\n"
        f"User.objects.create_user('ada', password={PASSWORD!r})\n"
        f"User.objects.create_user('bob', password={PASSWORD!r})"
    )
    return found


@pytest.fixture(scope="module")
def site(provider, tmp_path_factory):
    """A site that makes one call at a time and tries again."""
    found = site_in(tmp_path_factory.mktemp("line"), provider, **ONE_AT_A_TIME)
    yield found
    found.end()


@pytest.fixture(scope="module")
def sessions(chromium, site):
    @cache
    def cookies_of(name):
        with chromium.new_context(base_url=site.url) as context:
            sign_in(context.new_page(), name)
            return context.storage_state()

    return cookies_of


@pytest.fixture(autouse=True)
def nobody_in_line(site, upstream):
    """What a test leaves behind neither stands before the next one nor keeps the circuit open."""
    yield
    site.manage(
        "from conversations.models import *\n"
        "Message.objects.running().update(status='stopped')\n"
        "Gate.objects.update(failures=0, open_until=None, probe=None)\n"
        "ProviderLimit.objects.all().delete()"
    )


@pytest.fixture
def busy(open_page, upstream):
    """Somebody's answer takes the only place; the gate ends it."""
    gate = Gate()
    upstream.play(role_chunk(), content("Busy"), gate, finish("stop"), done(), when="otter")
    ask(open_page(name="bob"), "An otter, please")
    gate.wait_until_reached()
    yield gate
    gate.open()


def wait_in(page):
    return answers(page).last.locator("[data-wait]")


def button(page, name):
    return wait_in(page).get_by_role("button", name=name)


def seconds_in(page):
    return int(re.search(r"in (\d+) s", wait_in(page).inner_text())[1])


def watch_words(page):
    """Keep all that is said aloud from now on."""
    page.evaluate(
        "() => { window.heard = []; new MutationObserver(() => {"
        " const words = document.getElementById('say').textContent; if (words) heard.push(words) }"
        ").observe(document.getElementById('say'), {childList: true}) }"
    )


# --- in line --------------------------------------------------------------------------------


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


# --- tried again ----------------------------------------------------------------------------


def test_a_retry_counts_down_and_is_said_once(open_page, upstream):
    upstream.play(error_response(429, "rate_limit_exceeded", "Slow down", headers=LATER))
    page = open_page()
    ask(page, "Hello")
    expect(wait_in(page)).to_contain_text("The provider is rate-limiting us. Trying again in")
    watch_words(page)

    began = seconds_in(page)
    page.wait_for_function(
        "began => Number(document.querySelector('[data-countdown]').textContent.match(/\\d+/)[0])"
        " <= began - 2",
        arg=began,
    )

    assert 0 < began <= 41
    said = [words for words in page.evaluate("heard") if "rate-limiting" in words]
    assert len(said) <= 1
    page.reload()
    expect(wait_in(page)).to_contain_text("The provider is rate-limiting us. Trying again in")
    assert seconds_in(page) <= began - 2
    assert len(upstream.requests) == 1


def test_the_page_counts_as_the_server_writes(page):
    for seconds in (0, 1, 59, 60, 61, 119, 120, 3599, 3600, 5400, 90_000):
        words = page.evaluate(
            "seconds => new Promise(done => { const place = document.createElement('span');"
            " place.dataset.countdown = seconds;"
            " new MutationObserver(() => { done(place.textContent); place.remove() })"
            ".observe(place, {childList: true}); document.body.append(place) })",
            seconds,
        )
        assert words == soon(seconds)


def test_try_now_does_not_wait(open_page, upstream):
    upstream.play(error_response(429, "rate_limit_exceeded", "Slow down", headers=LATER))
    upstream.play(*answer("Here I am."))
    page = open_page()
    ask(page, "Hello")

    button(page, "Try now").dblclick()

    expect(answers(page, "complete").locator(".prose")).to_have_text("Here I am.")
    assert len(upstream.requests) == 2
    page.get_by_role("button", name="What the model saw").click()
    calls = page.get_by_role("group", name="Calls of this answer")
    expect(calls).to_contain_text("Attempt 2 of 2")
    expect(calls.get_by_role("button")).to_have_text(["1: rate-limited", "2: stop"])


def test_stop_while_it_waits_for_a_retry(open_page, upstream):
    upstream.play(error_response(503, "unavailable", "Busy", headers=LATER))
    page = open_page()
    ask(page, "Hello")
    expect(wait_in(page)).to_contain_text("The provider failed (503). Trying again in")

    button(page, "Stop").click()

    expect(answers(page, "stopped")).to_contain_text("Stopped by you.")
    assert len(upstream.requests) == 1


def test_a_short_failure_mends_itself(open_page, upstream):
    upstream.play(error_response(502, "bad_gateway", "boom"), times=2)
    upstream.play(*answer("Here I am."))
    page = open_page()

    ask(page, "Hello")

    expect(answers(page, "complete").locator(".prose")).to_have_text("Here I am.")
    assert len(upstream.requests) == 3


def test_once_it_goes_on_it_waits_for_the_model_from_then_on(open_page, upstream):
    gate = Gate()
    upstream.play(error_response(503, "unavailable", "Busy", headers={"Retry-After": "10"}))
    upstream.play(role_chunk(), gate, content("Late."), finish("stop"), done())
    page = open_page()
    asked = time.monotonic()
    ask(page, "Hello")
    expect(wait_in(page)).to_be_visible()

    gate.wait_until_reached()

    line = answers(page).locator(".turn__wait")
    expect(line).to_have_text(re.compile(r"^Waiting for gpt-4o-mini, \d+ s$"))
    shown = int(re.search(r"(\d+) s", line.inner_text())[1])
    # The ten seconds before its turn came do not count.
    assert shown <= time.monotonic() - asked - 9
    gate.open()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Late.")


def test_while_the_provider_keeps_failing_a_new_message_waits(open_page, upstream):
    upstream.play(error_response(502, "bad_gateway", "boom"), times=4)
    first, second = open_page(), open_page(name="bob")
    ask(first, "Hello")
    expect(wait_in(first)).to_contain_text("The provider keeps failing. Trying again in")
    ask(second, "Me too")
    expect(wait_in(second)).to_contain_text("The provider keeps failing. Trying again in")
    assert len(upstream.requests) == 4
    gate = Gate()
    upstream.play(role_chunk(), gate, content("Back."), finish("stop"), done())

    button(first, "Try now").click()

    # One goes, whoever was served longer ago; the other is told.
    gate.wait_until_reached()
    trying = "The provider keeps failing. One message is trying it now."
    wait_until(
        first, lambda: sum(page.get_by_text(trying).count() for page in (first, second)) == 1
    )
    gate.open()
    for page in (first, second):
        expect(answers(page, "complete")).to_have_count(1)
    assert len(upstream.requests) == 6


def test_a_wait_of_a_day_is_not_waited_for(open_page, upstream):
    headers = {"Retry-After": "86400"}
    upstream.play(error_response(429, "rate_limit_exceeded", "Tomorrow", headers=headers))
    page = open_page()

    ask(page, "Hello")

    expect(answers(page, "failed")).to_contain_text(
        "The provider asks us to wait 24 hours. Nothing was charged."
    )


def test_a_word_of_the_server_that_was_lost_is_asked_for(open_page, upstream):
    """The socket keeps from the page that its turn has come; it asks once the moment is past."""
    upstream.play(error_response(503, "unavailable", "Busy", headers={"Retry-After": "10"}))
    gate = Gate()
    upstream.play(role_chunk(), gate, content("Late."), finish("stop"), done())
    page = open_page()
    lost = []

    def deaf(socket):
        server = socket.connect_to_server()

        def pass_on(message):
            if '"type": "wait"' in message and '"html": ""' in message and not lost:
                lost.append(message)
            else:
                socket.send(message)

        server.on_message(pass_on)

    page.route_web_socket("**/ws/**", deaf)
    ask(page, "Hello")
    expect(wait_in(page)).to_be_visible()

    expect(wait_in(page)).to_have_count(0)
    assert lost
    gate.open()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Late.")


# --- how it looks ---------------------------------------------------------------------------


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
