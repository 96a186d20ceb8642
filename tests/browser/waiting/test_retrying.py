"""An answer that waits to be tried again, in a real browser: the countdown and the ways out."""

import re
import time

from playwright.sync_api import expect

from conversations.transcript.waiting import soon
from tests.browser.conftest import answers, ask, wait_until
from tests.browser.waiting.kit import LATER, button, seconds_in, wait_in, watch_words
from tests.upstream_server import Gate, answer, content, done, error_response, finish, role_chunk


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
