"""A page in one process, the answer written in another: as if it were one.

On SQLite without Redis always. Where TEST_DATABASE_URL and TEST_REDIS_URL say that they are there,
also on PostgreSQL and Redis, with a fifth of all hints between the processes lost, and with all.
"""

import contextlib
import signal

import pytest

from tests.browser.conftest import QUICK, ask, sign_in, wait_until, watch
from tests.browser.streaming import (
    EVERYTHING,
    THOUGHTS,
    assert_is_stored,
    assert_shows_so_far,
    gated,
    look,
    row,
    same,
    so_far,
    wait_for_end,
    wait_for_text,
)
from tests.people import PASSWORD
from tests.processes.conftest import GROUNDS, POSTGRESQL, REDIS, new_database
from tests.site import Site
from tests.upstream_server import Gate, answer, hang


@pytest.fixture(scope="module", params=list(GROUNDS), ids=list(GROUNDS))
def ground(request):
    """What two processes of one site have in common, as environment variables."""
    with contextlib.ExitStack() as stack:
        given = dict(GROUNDS[request.param])
        if request.param != "sqlite":
            if not (POSTGRESQL and REDIS):
                pytest.skip("needs PostgreSQL and Redis")
            given |= {"DATABASE_URL": stack.enter_context(new_database()), "REDIS_URL": REDIS}
        yield given


@pytest.fixture(scope="module")
def pair(ground, provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    given = {"OPENAI_BASE_URL": provider.base_url, "DEFAULT_MODEL": "gpt-4o-mini", **QUICK}
    given["TAKEOVER_SECONDS"] = "10"  # longer than a busy machine stalls
    a, b = (Site(folder, **given, **ground) for _ in range(2))
    try:
        a.start()
        b.start()
        a.manage(
            "from django.contrib.auth.models import User\n"
            f"User.objects.create_user('ada', password={PASSWORD!r})"
        )
        yield a, b
    finally:
        for site in (a, b):
            if site.process and site.process.poll() is None:
                site.end(signal.SIGKILL)


@pytest.fixture
def pages(chromium, pair, complaints):
    """A page in each process, both on the same conversation."""
    a, _ = pair
    with chromium.new_context() as context:
        here, there = context.new_page(), context.new_page()
        for page in (here, there):
            watch(page, complaints)
        sign_in(here, "ada", a.url)
        yield here, there
    assert complaints == []


def begin(here, there, pair, upstream, *script):
    """Somebody asks here and watches there too."""
    upstream.play(*script)
    ask(here, "Tell me")
    here.wait_for_url("**/c/**")
    there.goto(here.url.replace(pair[0].url, pair[1].url))


def test_the_other_process_shows_it_as_it_comes(pages, pair, upstream):
    here, there = pages
    gates = [Gate() for _ in range(4)]
    begin(here, there, pair, upstream, gated(EVERYTHING, gates, THOUGHTS))

    for number, gate in enumerate(gates):
        for page, name in ((here, "here"), (there, "there")):
            wait_for_text(page, so_far(EVERYTHING, gates, number), name)
            assert_shows_so_far(page)
        if number == 1:
            there.reload()
            wait_for_text(there, so_far(EVERYTHING, gates, number), "refreshed there")
        gate.open()
    for page, name in ((there, "the end there"), (here, "the end here")):
        wait_for_end(page, name)
        assert_is_stored(page, pair[0], EVERYTHING, THOUGHTS)


def test_what_is_sent_there_is_shown_here(pages, pair, upstream):
    here, there = pages
    begin(here, there, pair, upstream, answer("Hello."))
    wait_for_end(here)
    wait_for_end(there)
    gate = Gate()
    upstream.play(gated(EVERYTHING, [gate]))

    ask(there, "And now from there")
    for page in (there, here):
        wait_for_text(page, so_far(EVERYTHING, [gate], 0))
    there.close()
    gate.open()
    wait_for_end(here)

    assert_is_stored(here, pair[0], EVERYTHING)
    assert here.locator("article[data-message-id]").count() == 4


def test_stopped_from_the_other_process(pages, pair, upstream):
    here, there = pages
    gate = Gate()
    script = gated(EVERYTHING, [gate])
    begin(here, there, pair, upstream, [*script[: script.index(gate)], hang()])
    text = so_far(EVERYTHING, [gate], 0)
    wait_for_text(there, text)

    there.get_by_role("button", name="Stop").click()

    for page in (there, here):
        wait_for_end(page, "stopped", "stopped")
        assert_is_stored(page, pair[0], text)


def test_the_process_that_writes_is_killed(pages, pair, upstream):
    """What the other one showed of it beyond what was stored is taken back, and nothing else."""
    here, there = pages
    gate = Gate()
    script = gated(EVERYTHING, [gate], THOUGHTS)
    begin(here, there, pair, upstream, [*script[: script.index(gate)], hang()])
    text = so_far(EVERYTHING, [gate], 0)
    wait_for_text(there, text)
    wait_until(there, lambda: row(pair[0], look(there)["id"])[1] == text)
    a, _ = pair

    a.end(signal.SIGKILL)
    try:
        wait_for_end(there, "killed elsewhere", "interrupted")
        assert_is_stored(there, a, text, THOUGHTS)
    finally:
        a.start()
    wait_for_end(here, "its own process is back", "interrupted")
    assert_is_stored(here, a, text, THOUGHTS)
    same(row(a, look(here)["id"])[1], text)
