"""A site that makes one call at a time, and what its pages show of a wait."""

import re

from tests.browser.conftest import QUICK, answers
from tests.people import PASSWORD
from tests.site import Site

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
