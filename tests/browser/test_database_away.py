"""While the database is away the page says so, keeps the draft, and sends it when it is back."""

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import QUICK, answers, watch
from tests.people import PASSWORD
from tests.site import Site
from tests.wires import own_database

POSTGRESQL = os.environ.get("TEST_DATABASE_URL")
pytestmark = pytest.mark.skipif(not POSTGRESQL, reason="needs PostgreSQL")
# What a request waits for a connection, and what it takes besides.


@pytest.fixture
def wire():
    with own_database(POSTGRESQL) as found:
        yield found


@pytest.fixture
def site(provider, wire, tmp_path):
    found = Site(
        tmp_path,
        DATABASE_URL=wire.url,
        OPENAI_BASE_URL=provider.base_url,
        DEFAULT_MODEL="gpt-4o-mini",
        **QUICK,
    ).start()
    yield found
    found.end(signal.SIGKILL)


def test_a_message_waits_for_the_database(chromium, site, wire, complaints, upstream):
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        watch(page, complaints)
        page.goto("/")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        message = page.get_by_role("textbox", name="Message")
        message.fill("Keep this word")

        wire.is_cut.set()
        page.get_by_role("button", name="Send", exact=True).click()
        notice = page.locator("#notice")
        expect(notice).to_have_text(
            "The site's database does not answer just now. Nothing was lost: your draft is kept."
            " Try again",
        )
        expect(message).to_have_value("Keep this word")

        wire.is_cut.clear()
        notice.get_by_role("button", name="Try again").click()
        expect(answers(page, "complete")).to_have_count(1)
        expect(notice).to_be_empty()
        expect(message).to_have_value("")
    assert [each.last_user_text for each in upstream.requests] == ["Keep this word"]
    complaints.clear()  # the browser notes every 503
