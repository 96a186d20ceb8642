"""Two processes of one site, on each kind of ground that one may have."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.parse
import uuid

import psycopg
import pytest

from tests.client.person import Person
from tests.faults.process import Serving
from tests.faults.provider import Provider
from tests.patience import PATIENCE
from tests.site import free_port

POSTGRESQL, REDIS = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
LOSSY = {"DJANGO_SETTINGS_MODULE": "tests.processes.lossy"}
# What stands between the two processes.
GROUNDS = {
    "redis": {},
    "loses a fifth": {**LOSSY, "LOSS": "0.2"},
    "loses all": {**LOSSY, "LOSS": "1"},
    "sqlite": {},
}


class Pair:
    """Two processes of one site, and somebody who is signed in to both."""

    def __init__(self, ground: str, a: Serving, b: Serving) -> None:
        self.ground, self.a, self.b = ground, a, b
        self.person = Person(a, "ada")

    def text_of(self, answer: uuid.UUID) -> str:
        [(text,)] = self.a.rows("select text from conversations_message where id = ?", answer)
        return text


@contextlib.contextmanager
def new_database():
    name = f"processes_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urllib.parse.urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def two_processes(ground, folder, **environment):
    # The usual times: how quickly one process sees what another does is what is looked at.
    usual = {"FLUSH_SECONDS": "0.5", "FRAME_SECONDS": "0.05", "BEAT_SECONDS": "1"}
    usual["TAKEOVER_SECONDS"] = "6"
    a = Serving(folder, **{**usual, **environment}).prepared()
    b = a.beside()
    try:
        a.launch()
        b.launch()
        a.wait()
        b.wait()
        yield Pair(ground, a, b)
        assert a.audit() == []
    finally:
        a.gone()
        b.gone()


@pytest.fixture(scope="session")
def provider_of_processes():
    with Provider() as server:
        yield server


@pytest.fixture
def provider(provider_of_processes):
    provider_of_processes.clear()
    return provider_of_processes


@pytest.fixture(scope="module", params=list(GROUNDS), ids=list(GROUNDS))
def pair(request, tmp_path_factory, provider_of_processes):
    folder = tmp_path_factory.mktemp("site")
    given = {"OPENAI_BASE_URL": provider_of_processes.base_url, **GROUNDS[request.param]}
    if request.param == "sqlite":
        with two_processes(request.param, folder, **given) as both:
            yield both
        return
    if not (POSTGRESQL and REDIS):
        pytest.skip("needs PostgreSQL and Redis")
    with new_database() as url:
        given |= {"DATABASE_URL": url, "REDIS_URL": REDIS}
        with two_processes(request.param, folder, **given) as both:
            yield both


class RedisServer:
    """One of the test's own, to be killed and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process = None

    def start(self) -> None:
        command = [shutil.which("redis-server"), "--port", str(self.port)]
        command += ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            ping = ["redis-cli", "-p", str(self.port), "ping"]
            if subprocess.run(ping, capture_output=True).stdout == b"PONG\n":
                return
            time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)

    def signal(self, number) -> None:
        self._process.send_signal(number)


@pytest.fixture
def redis_server():
    if not (POSTGRESQL and shutil.which("redis-server")):
        pytest.skip("needs PostgreSQL and redis-server")
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def pair_on(provider, redis_server, tmp_path):
    """Two processes on a Redis that the test may take away."""
    with new_database() as url:
        given = {"OPENAI_BASE_URL": provider.base_url, "DATABASE_URL": url}
        with two_processes("redis", tmp_path, REDIS_URL=redis_server.url, **given) as both:
            yield both
