"""The site on PostgreSQL and Redis, as one runs it for a team."""

import http.cookiejar
import json
import os
import time
import urllib.parse
import urllib.request
import uuid

import psycopg
import pytest

from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.site import Site

POSTGRESQL, REDIS = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")

pytestmark = [
    pytest.mark.sqlite,  # starts its own database: once is enough
    pytest.mark.skipif(not (POSTGRESQL and REDIS), reason="needs PostgreSQL and Redis"),
]

COMPLETE = 'data-status="complete"'


@pytest.fixture
def database():
    name = f"chatsite_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield urllib.parse.urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Browser:
    """As much of one as a form needs."""

    def __init__(self, site):
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path):
        return self.opener.open(self.site.url + path, timeout=PATIENCE).read().decode()

    def post(self, path, **fields):
        token = next(each.value for each in self.cookies if each.name == "csrftoken")
        request = urllib.request.Request(
            self.site.url + path,
            urllib.parse.urlencode(fields).encode(),
            {"X-CSRFToken": token, "Referer": self.site.url},
        )
        return self.opener.open(request, timeout=PATIENCE)


def test_a_turn_on_postgresql_and_redis(database, tmp_path):
    site = Site(
        tmp_path, DATABASE_URL=database, REDIS_URL=REDIS, DEMO_TOKENS_PER_SECOND="500"
    ).start()
    try:
        browser = Browser(site)
        browser.get("/setup/")
        browser.post("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
        sent = browser.post("/c/", text="Hello", client_id=uuid.uuid4(), model="demo")
        address = sent.headers["HX-Redirect"]
        until = time.monotonic() + PATIENCE
        html = ""
        while html.count(COMPLETE) < 2 and time.monotonic() < until:
            time.sleep(0.2)
            html = browser.get(f"{address}log/")

        assert json.loads(browser.get("/readyz")) == {"database": True, "layer": True}
        assert html.count(COMPLETE) == 2
        assert "from the demo" in html
        with psycopg.connect(database) as stored:
            [(cost, is_estimated)] = stored.execute(
                "SELECT cost, is_estimated FROM conversations_completion"
            ).fetchall()
        assert (cost > 0, is_estimated) == (True, False)
        assert not (tmp_path / "chatsite.sqlite3").exists()
    finally:
        assert site.end() == 0
