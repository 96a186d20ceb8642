"""A stream survives a page that does not run for a while: asleep, frozen, behind another tab."""

import signal
import subprocess
import time
from contextlib import suppress

import pytest

from tests.broken_wire import Wire
from tests.browser.conftest import QUICK, ask, sign_in, watch
from tests.browser.laptop import Laptop
from tests.browser.streaming import (
    EVERYTHING,
    THOUGHTS,
    assert_is_stored,
    assert_shows_so_far,
    gated,
    so_far,
    wait_for_end,
    wait_for_text,
)
from tests.people import PASSWORD
from tests.site import ROOT, Site
from tests.upstream_server import Gate

# Daphne's patience with a silent browser, in seconds; a laptop sleeps longer.
PING_INTERVAL, PING_TIMEOUT, ASLEEP = 1, 2, 6


class ImpatientSite(Site):
    """Gives a browser up that answers no ping, sooner than bin/serve does."""

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        python = ROOT / ".venv/bin/python"
        with (self.folder / "log").open("ab") as log:
            how = {"cwd": ROOT, "env": self.environment, "stdout": log, "stderr": log}
            subprocess.run([python, "manage.py", "prepare"], check=True, **how)
            self.process = subprocess.Popen(
                f"{python} -m daphne --verbosity 0 --port {self.port} --websocket_timeout -1"
                f" --ping-interval {PING_INTERVAL} --ping-timeout {PING_TIMEOUT}"
                " chatsite.asgi:application".split(),
                **how,
            )
        self._wait_until_ready()
        return self


@pytest.fixture(scope="module")
def site(provider, tmp_path_factory):
    found = ImpatientSite(
        tmp_path_factory.mktemp("impatient"),
        OPENAI_BASE_URL=provider.base_url,
        DEFAULT_MODEL="gpt-4o-mini",
        **QUICK,
    ).start()
    found.manage(
        "from django.contrib.auth.models import User\n"
        f"User.objects.create_user('ada', password={PASSWORD!r})"
    )
    yield found
    with suppress(ProcessLookupError):
        found.end(signal.SIGKILL)


@pytest.fixture
def wire(site):
    with Wire(site.port) as found:
        yield found


@pytest.fixture
def laptop(playwright, tmp_path):
    found = Laptop(playwright, tmp_path / "chromium")
    yield found
    found.close()


@pytest.fixture
def page(laptop, wire, complaints):
    page = laptop.context.new_page()
    watch(page, complaints)
    sign_in(page, "ada", wire.url)
    yield page
    assert complaints == []


def begin(page, upstream, number=3):
    gates = [Gate() for _ in range(number)]
    upstream.play(gated(EVERYTHING, gates, THOUGHTS))
    ask(page, "Tell me")
    wait_for_text(page, so_far(EVERYTHING, gates, 0), "the beginning")
    return gates


def on_to(gates, number):
    """Let everything come up to the gate of this number."""
    for gate in gates[:number]:
        gate.open()
    gates[number].wait_until_reached()


def test_a_laptop_asleep_while_the_answer_goes_on(page, laptop, site, upstream):
    gates = begin(page, upstream)
    laptop.sleep()
    on_to(gates, 1)
    time.sleep(ASLEEP)
    laptop.wake()

    wait_for_text(page, so_far(EVERYTHING, gates, 1), "awake")
    assert_shows_so_far(page)
    for gate in gates:
        gate.open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_a_laptop_asleep_while_the_answer_ends(page, laptop, site, upstream):
    gates = begin(page, upstream)
    laptop.sleep()
    for gate in gates:
        gate.open()
    time.sleep(ASLEEP)
    laptop.wake()

    wait_for_end(page, "awake")
    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_a_laptop_that_wakes_in_another_network(page, laptop, site, upstream, wire):
    """Its socket is dead, and nobody has told it."""
    gates = begin(page, upstream)
    laptop.sleep()
    wire.stall()
    on_to(gates, 2)
    time.sleep(ASLEEP)
    laptop.wake()

    wait_for_text(page, so_far(EVERYTHING, gates, 2), "awake elsewhere")
    gates[2].open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_a_tab_in_the_background_is_up_to_date(page, laptop, site, upstream):
    gates = begin(page, upstream)
    laptop.put_behind(page)
    page.wait_for_function("() => document.hidden", polling=50)

    gates[0].open()
    wait_for_text(page, so_far(EVERYTHING, gates, 1), "hidden")
    gates[1].open()
    wait_for_text(page, so_far(EVERYTHING, gates, 2), "hidden")
    page.bring_to_front()
    assert_shows_so_far(page)
    laptop.put_behind(page)
    gates[2].open()
    wait_for_end(page, "hidden")

    page.bring_to_front()
    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


@pytest.mark.parametrize("ends", [False, True], ids=["goes on", "ends"])
def test_a_tab_that_the_browser_has_frozen(page, laptop, site, upstream, ends):
    gates = begin(page, upstream)
    laptop.put_behind(page)
    page.wait_for_function("() => document.hidden", polling=50)
    laptop.freeze(page)
    on_to(gates, 2)
    if ends:
        gates[2].open()
    time.sleep(ASLEEP)
    laptop.thaw(page)
    page.bring_to_front()

    if ends:
        wait_for_end(page, "thawed")
    else:
        wait_for_text(page, so_far(EVERYTHING, gates, 2), "thawed")
        assert_shows_so_far(page)
        gates[2].open()
        wait_for_end(page)
    assert_is_stored(page, site, EVERYTHING, THOUGHTS)
