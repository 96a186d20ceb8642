"""A message is sent once, whatever becomes of the answer to its request; a stream survives the
process that wrote it."""

import signal
from threading import Event

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask, wait_until
from tests.browser.shaping.acts import choose
from tests.browser.streaming import (
    EVERYTHING,
    THOUGHTS,
    assert_is_stored,
    gated,
    look,
    row,
    same,
    so_far,
    wait_for,
    wait_for_end,
    wait_for_text,
)
from tests.upstream_server import Gate, answer, content, done, finish, hang, role_chunk


def lose_the_answer(page, address="**/messages/"):
    """The server takes the next POST there, and its answer never reaches the page."""
    taken = Event()

    def treat(route):
        if taken.is_set():
            return route.continue_()
        taken.set()
        route.fetch(max_redirects=0)
        return route.abort("connectionreset")

    page.route(address, treat)
    return taken


def deafen(page):
    """The page's sockets open and say nothing."""
    page.route_web_socket("**/ws/**", lambda socket: None)


def the_one_that(page, other, has):
    """The only one of two tabs that has such an element, once it has."""
    wait_until(page, lambda: page.locator(has).count() or other.locator(has).count())
    return page if page.locator(has).count() else other


def count(site, text):
    return site.rows("select count(*) from conversations_message where text = ?", text)[0][0]


@pytest.mark.parametrize("is_deaf", [False, True], ids=["hears of it", "hears nothing"])
def test_a_lost_response_sends_nothing_twice(open_page, site, upstream, is_deaf):
    page = open_page()
    upstream.play(*answer("Hello."))
    ask(page, "Hello")
    wait_for_end(page)
    if is_deaf:
        deafen(page)
        page.reload()
    upstream.play(*answer("Once."), times=None)
    taken = lose_the_answer(page)
    words = f"Only once, {is_deaf}"

    ask(page, words)
    wait_until(page, taken.is_set)
    if is_deaf:
        expect(page.locator("#notice")).to_contain_text("Not sent.")
        page.get_by_role("button", name="Try again").click()

    expect(page.locator("article[data-role=user][data-message-id]")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    expect(page.locator("#notice")).to_be_empty()
    assert count(site, words) == 1
    page.reload()
    wait_for(page, "the answer", status="complete", position=len("Once."))
    assert len(upstream.requests) == 2
    assert answers(page).count() == 2


def test_a_lost_response_to_a_branch_makes_one_branch(open_page, site, upstream):
    page = open_page()
    upstream.play(*answer("Green."))
    ask(page, "Branched off once")
    wait_for_end(page)
    origin = page.url
    taken = lose_the_answer(page, "**/branch/")

    choose(page, answers(page).first, "Branch into a new chat")
    wait_until(page, taken.is_set)
    expect(page.locator("#notice")).to_contain_text("did not reach the server")
    page.get_by_role("button", name="Try again").click()

    page.wait_for_url(lambda url: url != origin)
    expect(page.get_by_text("Branched from")).to_be_visible()
    assert count(site, "Branched off once") == 2


def test_a_lost_response_to_the_first_message_makes_one_conversation(open_page, site, upstream):
    page = open_page()
    upstream.play(*answer("Once."), times=None)
    taken = lose_the_answer(page, "**/c/")

    ask(page, "The very first, once", leads=False)
    wait_until(page, taken.is_set)
    expect(page.locator("#notice")).to_contain_text("Not sent.")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/c/**")
    wait_for_end(page)

    assert count(site, "The very first, once") == 1
    assert len(upstream.requests) == 1
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")


def test_of_two_tabs_at_once_one_goes_and_the_other_keeps_its_draft(open_page, site, upstream):
    page = open_page()
    upstream.play(*answer("Hello."))
    ask(page, "Hello")
    wait_for_end(page)
    other = page.context.new_page()
    other.goto(page.url)
    gate = Gate()
    upstream.play(role_chunk(), content("To one"), gate, content(" of you."), finish(), done())
    held = []
    for tab in (page, other):
        tab.route("**/messages/", lambda route: held.append(route))
    ask(page, "From the first tab")
    ask(other, "From the second tab")
    wait_until(page, lambda: len(held) == 2)

    for route in held:
        route.continue_()

    refused = the_one_that(page, other, "#notice .note__words")
    taken = other if refused is page else page
    expect(refused.get_by_role("textbox", name="Message")).to_have_value(
        "From the first tab" if refused is page else "From the second tab"
    )
    for tab in (refused, taken):
        expect(tab.locator("article[data-role=user][data-message-id]")).to_have_count(2)
        expect(tab.locator("[data-pending]")).to_have_count(0)
        wait_for_text(tab, "To one")
    gate.open()
    for tab in (refused, taken):
        wait_for_end(tab)
        assert_is_stored(tab, site, "To one of you.")
    assert len(upstream.requests) == 2
    assert count(site, "From the first tab") + count(site, "From the second tab") == 1
    draft = refused.get_by_role("textbox", name="Message").input_value()
    refused.reload()
    expect(refused.get_by_role("textbox", name="Message")).to_have_value(draft)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
def test_a_server_that_goes_in_mid_answer_and_comes_back(own_page, own_site, upstream, how):
    gates = [Gate()]
    upstream.play([*gated(EVERYTHING, gates, THOUGHTS)[:-2], hang()])
    ask(own_page, "Tell me")
    text = so_far(EVERYTHING, gates, 0)
    wait_for_text(own_page, text)
    wait_until(own_page, lambda: row(own_site, look(own_page)["id"])[1] == text)

    own_site.end(how)
    own_site.start()

    wait_for_end(own_page, "after the restart", "interrupted")
    assert_is_stored(own_page, own_site, so_far(EVERYTHING, gates, 0), THOUGHTS)
    rest = EVERYTHING[len(so_far(EVERYTHING, gates, 0)) :]
    upstream.play(gated(rest, [], ""))
    own_page.get_by_role("button", name="Continue").click()
    wait_for_end(own_page, "continued")
    assert_is_stored(own_page, own_site, EVERYTHING, THOUGHTS)


def test_a_log_that_missed_a_whole_continuation_reads_it(open_page, site, upstream):
    """The same turn, stopped again: nothing but its text has changed."""
    page = open_page()
    upstream.play(role_chunk(), content("One "), hang())
    ask(page, "Count")
    wait_for_text(page, "One ")
    page.get_by_role("button", name="Stop").click()
    wait_for_end(page, status="stopped")
    other = page.context.new_page()
    other.goto(page.url)
    blocked = []
    page.route("**/log/", lambda route: blocked.append(route))
    page.context.set_offline(True)
    page.context.set_offline(False)
    upstream.play(role_chunk(), content("two "), hang())
    other.get_by_role("button", name="Continue").click()
    wait_for_text(other, "One two ")
    other.get_by_role("button", name="Stop").click()
    wait_for_end(other, status="stopped")
    page.unroute("**/log/")

    wait_for(page, "the rest", status="stopped", position=len("One two "))
    status, text, *_ = row(site, look(page)["id"])
    assert status == "stopped"
    same(text, "One two ")
