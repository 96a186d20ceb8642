"""What is too much or wrong, in a real browser; and a line that outlives its server."""

import contextlib
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask, sign_in, wait_until
from tests.browser.waiting.kit import site_in, wait_in
from tests.upstream_server import Gate, content, done, finish, role_chunk


@pytest.fixture
def own_site(provider, tmp_path):
    found = site_in(
        tmp_path / "site", provider, MAX_CALLS="1", MAX_MESSAGES_PER_MINUTE="2", RETRY_SECONDS="60"
    )
    yield found
    with contextlib.suppress(ProcessLookupError):
        found.end(signal.SIGKILL)


@pytest.fixture
def pages(chromium, own_site):
    """Open pages of that site, each a browser of its own."""
    with contextlib.ExitStack() as contexts:

        def open_one(name="ada"):
            context = contexts.enter_context(chromium.new_context(base_url=own_site.url))
            page = context.new_page()
            sign_in(page, name)
            return page

        yield open_one


def a_minute_has_passed(site):
    """For the limit of messages in a minute."""
    site.manage(
        "from conversations.models import Allowance\n"
        "for each in Allowance.objects.all():\n"
        "    each.recent = [moment - 61 for moment in each.recent]\n"
        "    each.save()"
    )


def test_too_soon_keeps_the_draft_and_goes_away_by_itself(pages, own_site, upstream):
    page = pages()
    page.clock.install()
    page.reload()
    for number in (1, 2):
        ask(page, f"Message {number}")
        expect(answers(page, "complete")).to_have_count(number)

    ask(page, "One too many")

    notice, box = page.locator("#notice"), page.get_by_role("textbox", name="Message")
    expect(notice).to_have_text(re.compile(r"^\s*You can send again in (\d+ s|1 min)\.\s*$"))
    expect(page.locator("#alarm")).to_contain_text("You can send again in")
    expect(box).to_have_value("One too many")
    expect(answers(page)).to_have_count(2)

    a_minute_has_passed(own_site)
    page.clock.fast_forward(61_000)
    expect(notice).to_be_empty()
    expect(page.locator("#say")).to_have_text("You can send again")
    expect(page.locator("#alarm")).to_be_empty()
    expect(box).to_have_value("One too many")
    page.get_by_role("button", name="Send").click()
    expect(answers(page, "complete")).to_have_count(3)


def test_too_soon_for_a_first_message_too(pages, own_site, upstream):
    page = pages()
    for number in (1, 2):
        ask(page, f"Message {number}")
        expect(answers(page, "complete")).to_have_count(number)
    page.goto("/")

    ask(page, "A new chat", leads=False)

    expect(page.locator("#notice")).to_contain_text("You can send again in")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("A new chat")
    page.reload()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("A new chat")
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("button", ["Try again", "Send"])
def test_what_was_not_sent_is_said_no_more_once_it_is(pages, upstream, button):
    page = pages()
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)
    page.route("**/messages/", lambda route: route.abort(), times=1)
    ask(page, "Words that matter")
    expect(page.locator("#alarm")).to_have_text("Not sent.")

    page.get_by_role("button", name=button).click()

    expect(answers(page, "complete")).to_have_count(2)
    expect(page.locator("#notice")).to_be_empty()
    expect(page.locator("#alarm")).to_be_empty()


def test_a_restart_keeps_the_line(pages, own_site, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Busy"), gate, finish("stop"), done(), when="otter")
    ask(pages("bob"), "An otter, please")
    gate.wait_until_reached()
    page = pages()
    ask(page, "Hello")
    expect(wait_in(page)).to_contain_text("Queued, 1st in line.")

    own_site.end(signal.SIGKILL)
    gate.open()
    own_site.start()

    expect(answers(page, "complete").locator(".prose")).to_have_text("Hello there!")
    assert own_site.rows("select count(*) from conversations_message where role = 'assistant'") == [
        (2,)
    ]


def test_what_is_wrong_with_the_site_is_said_until_it_is_over(pages, own_site, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, content("."), finish("stop"), done())
    page = pages()
    sockets, heard = [], []

    def connect(socket):
        server = socket.connect_to_server()
        sockets.append(socket)
        server.on_message(lambda packet: (heard.append(packet), socket.send(packet)))

    page.route_web_socket("**/ws/**", connect)
    ask(page, "Hello")
    expect(answers(page).locator(".prose")).to_contain_text("So far")
    line = page.locator("#connection")
    expect(line).to_be_hidden()
    wait_until(page, lambda: heard)

    sockets[-1].send('{"type": "trouble", "words": "The database does not answer."}')

    expect(line).to_have_text("The database does not answer.")
    expect(page.locator("#say")).to_have_text("The database does not answer.")
    sockets[-1].send('{"type": "trouble", "words": ""}')
    expect(line).to_be_hidden()
    gate.open()
    expect(answers(page, "complete").locator(".prose")).to_have_text("So far.")
