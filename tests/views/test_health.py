"""Is the process there, is it to be asked? Both are answered whatever hangs."""

import json
import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from django.db import OperationalError

from conversations.turns import draining
from conversations.views import patience
from tests.patience import PATIENCE
from tests.site import Site
from tests.wires import Wire, own_database

POSTGRESQL, REDIS = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
services = [
    pytest.mark.sqlite,  # starts its own database: once is enough
    pytest.mark.skipif(not (POSTGRESQL and REDIS), reason="needs PostgreSQL and Redis"),
]


def test_a_process_that_is_well(client, db):
    health, ready = client.get("/healthz"), client.get("/readyz")

    assert health.content == b"ok\n"
    assert (ready.status_code, ready.json()) == (200, {"database": True, "layer": True})
    assert "no-store" in health["Cache-Control"]
    assert "no-store" in ready["Cache-Control"]


def test_a_process_that_is_told_to_stop_is_not_ready(client, monkeypatch):
    """And asks nobody whether it is."""
    monkeypatch.setattr(draining, "_is_draining", True)

    ready = client.get("/readyz")

    assert (ready.status_code, ready.json()) == (503, {"draining": True})
    assert client.get("/healthz").status_code == 200


async def test_a_question_that_fails_has_no_answer():
    def fails():
        raise OperationalError("no")

    assert await patience.AskingDatabase(fails).ask() is None


# --- a site whose parts hang ----------------------------------------------------------------


class Parts:
    """A site that reaches PostgreSQL and Redis over wires."""

    def __init__(self, folder, database):
        self.database = database
        layer = urllib.parse.urlsplit(REDIS)
        self.layer = Wire(layer.hostname, layer.port or 6379)
        self.site = Site(
            folder,
            DATABASE_URL=database.url,
            REDIS_URL=layer._replace(netloc=f"127.0.0.1:{self.layer.port}").geturl(),
        ).start()

    def ask(self, path="/readyz"):
        """Status, answer and seconds."""
        began = time.monotonic()
        try:
            with urllib.request.urlopen(self.site.url + path, timeout=PATIENCE) as answer:
                status, words = answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            status, words = answer.code, answer.read()
        return status, words, time.monotonic() - began

    def threads(self):
        return len(list(Path(f"/proc/{self.site.process.pid}/task").iterdir()))

    def threads_at_rest(self, most):
        """Those of requests that have been answered end a little later."""
        until = time.monotonic() + PATIENCE
        while self.threads() >= most and time.monotonic() < until:
            time.sleep(0.1)
        return self.threads()

    def ask_until(self, wanted):
        until = time.monotonic() + PATIENCE
        while (status := self.ask()[0]) != wanted and time.monotonic() < until:
            time.sleep(0.1)
        return status


@pytest.fixture
def parts(tmp_path):
    with own_database(POSTGRESQL) as database:
        found = Parts(tmp_path, database)
        yield found
        found.layer.close()
        found.site.end(signal.SIGKILL)


class TestParts:
    pytestmark = services

    def test_a_database_that_hangs_is_said_within_seconds(self, parts):
        assert parts.ask_until(200) == 200
        parts.database.is_still.set()

        answers = []
        with ThreadPoolExecutor(20) as many:
            for _ in range(3):
                answers += many.map(lambda _: parts.ask(), range(20))

        assert {status for status, _, _ in answers} == {503}
        assert json.loads(answers[0][1]) == {"database": False, "layer": True}
        # The whole wait for the database, and what 20 requests at once take besides.
        assert max(seconds for _, _, seconds in answers) < 10 * patience.SECONDS
        # Who asks again waits for the same answer: 60 questions are not 60 threads. What else
        # waits for the database has one each.
        assert parts.threads_at_rest(30) < 30
        assert parts.ask("/healthz")[:2] == (200, b"ok\n")

        parts.database.is_still.clear()
        assert parts.ask_until(200) == 200

    def test_a_layer_that_hangs_is_said_within_seconds(self, parts):
        assert parts.ask_until(200) == 200
        parts.layer.is_still.set()

        status, words, seconds = parts.ask()

        assert (status, json.loads(words)) == (503, {"database": True, "layer": False})
        assert seconds < 10 * patience.SECONDS

        parts.layer.is_still.clear()
        assert parts.ask_until(200) == 200

    def test_a_layer_that_is_cut_off_comes_back(self, parts):
        parts.layer.is_cut.set()

        assert parts.ask_until(503) == 503

        parts.layer.is_cut.clear()
        assert parts.ask_until(200) == 200

    def test_asking_leaves_nothing_behind_in_redis(self, parts):
        with redis.Redis.from_url(REDIS) as server:
            for _ in range(3):
                assert parts.ask_until(200) == 200
            heard = len(server.pubsub_channels())

            for _ in range(10):
                parts.ask()

            assert len(server.pubsub_channels()) <= heard
