"""bin/serve as it runs: the real tree, the real server, a data folder of its own."""

import signal
import socket
import subprocess
import urllib.request

import pytest

from tests.patience import PATIENCE
from tests.site import ROOT, Site

pytestmark = pytest.mark.sqlite

MODE = (
    "Demo mode: answers come from a demo on this machine. "
    "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "data")
    yield site
    if site.process and site.process.poll() is None:
        site.process.kill()


def serve(site):
    """Run bin/serve as this site would, expecting it to end by itself."""
    done = subprocess.run(
        [ROOT / "bin" / "serve"],
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_site_starts_says_where_it_is_and_ends_cleanly_both_ways(site):
    for how in (signal.SIGTERM, signal.SIGINT):
        site.start()
        with urllib.request.urlopen(f"{site.url}/healthz") as answer:
            assert answer.read() == b"ok\n"

        # Nothing runs, so nothing is waited for: it takes a small part of the patience of `end`.
        assert site.end(how) == 0

    assert site.log.splitlines() == [f"Chatsite: {site.url}/", MODE] * 2


def test_a_taken_port_is_said_in_one_line(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()

        code, output, error = serve(site)

    assert (code, output) == (1, "")
    assert error == (
        f"Port {site.port} on 127.0.0.1 cannot be used ([Errno 98] Address already in use); "
        "set PORT or HOST to another.\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_this_machines_is_said_in_one_line(site, host):
    site.environment["HOST"] = host

    code, output, error = serve(site)

    assert (code, output, len(error.splitlines())) == (1, "", 1)
    assert error.startswith(f"Port {site.port} on {host} cannot be used (")


def test_misconfiguration_stops_the_start_with_words(site):
    site.environment["PUBLIC_URL"] = "chat.example.org"

    code, output, error = serve(site)

    assert (code, output) == (1, "")
    assert "Traceback" not in error
    assert (
        "?: (chatsite.E001) PUBLIC_URL must be like https://chat.example.org, "
        "not 'chat.example.org'."
    ) in error.splitlines()


def test_a_database_that_cannot_be_opened_stops_the_start_with_one_line(site, tmp_path):
    site.environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/nowhere/chat.sqlite3"

    assert serve(site) == (
        1,
        "",
        "CommandError: The database cannot be used (unable to open database file); "
        "see DATABASE_URL.\n",
    )
