"""The line over two processes: whichever one a page is on, it shows the same and can do the same.

On SQLite without Redis always, on PostgreSQL and Redis where TEST_DATABASE_URL and TEST_REDIS_URL
say that they are there.
"""

import contextlib
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask, sign_in
from tests.browser.waiting.kit import ONE_AT_A_TIME, button, site_in, wait_in
from tests.processes.conftest import POSTGRESQL, REDIS, new_database
from tests.site import Site
from tests.upstream_server import Gate, answer, content, done, error_response, finish, role_chunk


@pytest.fixture(params=["sqlite", "redis"])
def processes(request, provider, tmp_path):
    with contextlib.ExitStack() as stack:
        # Longer than a busy machine stalls.
        given = {**ONE_AT_A_TIME, "TAKEOVER_SECONDS": "10"}
        if request.param == "redis":
            if not (POSTGRESQL and REDIS):
                pytest.skip("needs PostgreSQL and Redis")
            given |= {"DATABASE_URL": stack.enter_context(new_database()), "REDIS_URL": REDIS}
        one = site_in(tmp_path, provider, **given)
        stack.callback(one.end, signal.SIGKILL)
        same = {name: value for name, value in one.environment.items() if name != "PORT"}
        other = Site(tmp_path, **same).start()
        stack.callback(other.end, signal.SIGKILL)
        yield one, other


@pytest.fixture
def on(chromium):
    """A page of one of the processes, in a browser of its own."""
    with contextlib.ExitStack() as contexts:

        def open_one(site, name="ada"):
            context = contexts.enter_context(chromium.new_context(base_url=site.url))
            page = context.new_page()
            sign_in(page, name)
            return page

        yield open_one


def test_a_wait_is_shown_left_and_ended_from_any_process(processes, on, upstream):
    one, other = processes
    gate, later = Gate(), Gate()
    upstream.play(role_chunk(), content("Busy"), gate, finish("stop"), done(), when="otter")
    upstream.play(role_chunk(), later, content("Here."), finish("stop"), done(), when="Hello")
    ask(on(one, "bob"), "An otter, please")
    gate.wait_until_reached()

    here, there = on(other), on(one)
    ask(here, "Hello")
    here.wait_for_url("**/c/**")
    there.goto(here.url.replace(other.url, one.url))
    for page in (here, there):
        expect(wait_in(page)).to_contain_text("Queued, 1st in line.")

    gate.open()
    later.wait_until_reached()
    for page in (here, there):
        expect(wait_in(page)).to_have_count(0)
    later.open()
    for page in (here, there):
        expect(answers(page, "complete").locator(".prose")).to_have_text("Here.")

    headers = {"Retry-After": "40"}
    upstream.play(error_response(503, "unavailable", "Busy", headers=headers))
    upstream.play(*answer("Tried."))
    ask(here, "Again")
    for page in (here, there):
        expect(wait_in(page)).to_contain_text("The provider failed (503). Trying again in")
    button(there, "Try now").click()
    for page in (here, there):
        expect(answers(page, "complete").last.locator(".prose")).to_have_text("Tried.")

    upstream.play(error_response(503, "unavailable", "Busy", headers=headers))
    ask(here, "Once more")
    button(there, "Stop").click()
    for page in (here, there):
        expect(answers(page, "stopped")).to_have_count(1)
