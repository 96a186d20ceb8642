import contextlib
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.site import Site
from tests.upstream_server import UpstreamServer

expect.set_options(timeout=PATIENCE * 1000)
QUICK = {"BEAT_SECONDS": "0.5", "TAKEOVER_SECONDS": "3", "DEMO_TOKENS_PER_SECOND": "200"}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def chromium(playwright):
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-background-networking"],
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def provider():
    with UpstreamServer() as server:
        yield server


@pytest.fixture
def upstream(provider):
    provider.reset()
    return provider


@pytest.fixture(scope="session")
def site(provider, tmp_path_factory):
    """A site in front of the test's provider, with accounts for ada, who is staff, and bob."""
    found = Site(
        tmp_path_factory.mktemp("site"),
        OPENAI_BASE_URL=provider.base_url,
        OPENAI_API_KEY="sk-test-0123456789abcdefghij",
        DEFAULT_MODEL="gpt-4o-mini",
        UPSTREAM_SILENCE_SECONDS="30",
        **QUICK,
    ).start()
    found.manage(
        "from django.contrib.auth.models import User\n"
        f"User.objects.create_superuser('ada', password={PASSWORD!r})\n"
        f"User.objects.create_user('bob', password={PASSWORD!r})"
    )
    yield found
    assert found.audit() == []
    found.end()


class Complaints(list):
    """What the browser's console said that it should not; emptied by tests that expect some."""


@pytest.fixture
def complaints():
    return Complaints()


@pytest.fixture(scope="session")
def sessions(chromium, site):
    """The cookies of somebody who has signed in, made once for each person."""

    @cache
    def cookies_of(name):
        with chromium.new_context(base_url=site.url) as context:
            sign_in(context.new_page(), name)
            return context.storage_state()

    return cookies_of


@pytest.fixture
def open_page(chromium, site, sessions, complaints):
    """Open a page of the site; each call is a browser of its own, signed in as somebody."""
    with contextlib.ExitStack() as contexts:

        def open_one(path="/", name="ada", width=1280, height=800, **options):
            context = chromium.new_context(
                viewport={"width": width, "height": height},
                base_url=site.url,
                storage_state=sessions(name) if name else None,
                **options,
            )
            contexts.callback(context.close)
            page = context.new_page()
            watch(page, complaints)
            page.goto(path)
            return page

        yield open_one
    assert complaints == []


@pytest.fixture
def own_site(provider, tmp_path):
    """A site that a test may kill."""
    found = Site(
        tmp_path / "site",
        OPENAI_BASE_URL=provider.base_url,
        DEFAULT_MODEL="gpt-4o-mini",
        **QUICK,
    ).start()
    yield found
    with contextlib.suppress(ProcessLookupError):
        found.end(signal.SIGKILL)
    assert found.audit() == []


@pytest.fixture
def own_page(chromium, own_site, complaints):
    """A page of that site, after /setup/."""
    with chromium.new_context(base_url=own_site.url) as context:
        page = context.new_page()
        watch(page, complaints)
        page.goto("/")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [each["id"] for each in found] == []
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url(lambda url: "/setup/" not in url)
        yield page
    assert complaints == []


@pytest.fixture
def page(open_page):
    return open_page()


def watch(page: Page, complaints: Complaints) -> None:
    """Errors in a script and breaches of the content security policy are complaints."""
    page.set_default_timeout(PATIENCE * 1000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )


def sign_in(page: Page, name: str, address: str = "") -> None:
    page.goto(f"{address}/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def wait_until(page: Page, holds: Callable[[], object]) -> None:
    """By the page's own clock: what the test routes is handled meanwhile."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it never came true"
        page.wait_for_timeout(50)


def ask(page: Page, text: str, *, leads: bool = True) -> None:
    """A first message leads to its conversation's page; what follows acts on that, once it runs."""
    is_first = "/c/" not in page.url
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()
    if is_first and leads:
        page.wait_for_url("**/c/**")  # until it has loaded


def answers(page: Page, status: str = ""):
    wanted = f"[data-status={status}]" if status else ""
    return page.locator(f"article[data-role=assistant]{wanted}")
