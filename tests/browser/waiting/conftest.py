"""One call at a time, and somebody who takes the place."""

from functools import cache

import pytest

from tests.browser.conftest import ask, sign_in
from tests.browser.waiting.kit import ONE_AT_A_TIME, site_in
from tests.upstream_server import Gate, content, done, finish, role_chunk


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
