"""`bin/test faults` runs these alone, with all their rounds. FAULTS_SEED and FAULTS_ROUNDS (of a
kill; the other faults take their share of it) change what is tried.
"""

import contextlib
import os
import random
import shutil
import urllib.parse
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.faults import tally
from tests.faults.process import Serving
from tests.faults.provider import Provider
from tests.faults.tally import Fault

POSTGRESQL, REDIS = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
SEED = int(os.environ.get("FAULTS_SEED", "20261121"))
ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "10"))
FULL = 100

_told: list[Fault] = []


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def seed(request):
    return random.Random(f"{SEED}:{request.node.name}")


@pytest.fixture
def rounds():
    """How often, of a full number: a share of it in a short run, once at least."""

    def share(full: int) -> int:
        return max(1, round(full * ROUNDS / FULL))

    return share


@pytest.fixture
def fault(request):
    found = Fault(request.node.nodeid, SEED)
    yield found
    if found.name:
        _told.append(found)


def pytest_terminal_summary(terminalreporter):
    if not _told:
        return
    terminalreporter.write_sep("-", f"faults, seed {SEED}")
    for fault in _told:
        terminalreporter.write_line(fault.line)
    path = Path(os.environ.get("FAULTS_REPORT") or f"{settings.DATA_DIR}/faults.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    tally.write(_told, path)
    terminalreporter.write_line(f"All of it for machines: {path}")


@pytest.fixture(scope="session")
def provider_of_all():
    with Provider() as server:
        yield server


@pytest.fixture
def provider(provider_of_all):
    provider_of_all.clear()
    return provider_of_all


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A folder as `manage.py prepare` leaves it, with people; tests have copies of it."""
    return Serving(tmp_path_factory.mktemp("prepared") / "site").prepared().folder


@pytest.fixture
def begin(provider, prepared, tmp_path):
    """A site of one process with this environment, ready to start; it is gone after the test."""
    made = []

    def one(**environment: str) -> Serving:
        given = {"OPENAI_BASE_URL": provider.base_url, **environment}
        folder = tmp_path / f"site{len(made)}"
        shutil.copytree(prepared, folder, dirs_exist_ok=True)
        made.append(Serving(folder, **given))
        return made[-1]

    yield one
    for site in made:
        site.gone()


@pytest.fixture
def site(begin):
    """One process on SQLite, as on a laptop."""
    return begin().start()


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A PostgreSQL database with people, of which tests have copies."""
    if not (POSTGRESQL and REDIS):
        pytest.skip("needs PostgreSQL and Redis")
    with database_from("template0") as url:
        Serving(tmp_path_factory.mktemp("template"), DATABASE_URL=url).prepared()
        yield url


@pytest.fixture
def database(template):
    with database_from(template.rpartition("/")[2]) as url:
        yield url


@contextlib.contextmanager
def database_from(template: str) -> Iterator[str]:
    """A new PostgreSQL database for the length of a `with`."""
    name = f"faults_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield urllib.parse.urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def begin_two(begin, database):
    """Two processes on PostgreSQL and Redis, as a team has them."""
    both = []

    def two(**environment: str) -> tuple[Serving, Serving]:
        one = begin(DATABASE_URL=database, REDIS_URL=REDIS, **environment)
        other = one.beside()
        both.extend((one, other))
        return one.launch().wait(), other.launch().wait()

    yield two
    for site in both:
        site.gone()
