"""A database that does not answer is told from a fault of our own, in words, and in one line."""

import http.cookiejar
import os
import signal
import sqlite3
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.urls import path

from chatsite import urls
from chatsite.away import is_away, why
from chatsite.middleware import DATABASE_AWAY
from tests.patience import PATIENCE
from tests.people import PASSWORD, make_conversation
from tests.site import Site
from tests.wires import own_database

POSTGRESQL = os.environ.get("TEST_DATABASE_URL")


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("connection refused"), True),
        (InterfaceError("connection already closed"), True),
        (IntegrityError("a row like this exists"), False),
        (ValueError("ours"), False),
        (None, False),
    ],
)
def test_what_counts_as_away(error, expected):
    assert is_away(error) == expected


def test_a_statement_that_is_wrong_is_our_own_fault(db):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has an error of its own for it")
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")

    assert not is_away(caught.value)


def test_only_the_first_line_of_what_it_says_is_quoted():
    error = OperationalError("disk full\nDETAIL: the row (a secret)")

    assert why(error) == "OperationalError: disk full"


# --- SQLite, locked by another process ------------------------------------------------------


@pytest.fixture
def locked(transactional_db):
    """Our own waits are short; another connection holds the database."""
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)

    def lock():
        other.execute("BEGIN EXCLUSIVE")

    yield lock
    other.close()
    connection.close()


@pytest.mark.unaudited
def test_a_locked_database_is_said_where_the_person_looks(client, alice, locked):
    conversation = make_conversation(alice)
    client.force_login(alice)
    client.raise_request_exception = False
    locked()

    response = client.post(
        f"/c/{conversation.pk}/rename/", {"title": "New"}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["HX-Retarget"] == "#notice"
    html = response.content.decode()
    assert "The site&#x27;s database does not answer just now. Nothing was lost" in html
    assert "data-again" in html
    conversation.refresh_from_db()
    assert conversation.title == "Tea"


def test_a_fault_of_our_own_stays_one(client, alice, settings, monkeypatch):
    def broken(request):
        raise ValueError("ours")

    monkeypatch.setattr(urls, "urlpatterns", [path("broken/", broken), *urls.urlpatterns])
    client.force_login(alice)
    client.raise_request_exception = False
    from django.urls import clear_url_caches

    clear_url_caches()
    response = client.get("/broken/")
    clear_url_caches()

    assert response.status_code == 500
    assert "finds the cause in the log" in response.content.decode()


# --- PostgreSQL, cut off --------------------------------------------------------------------


@pytest.fixture
def wire():
    with own_database(POSTGRESQL) as found:
        yield found


class Browser:
    def __init__(self, site):
        self.site, self.cookies = site, http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self.opener = urllib.request.build_opener(handler)

    def ask(self, path, fields=None, **headers):
        """Status, headers and words."""
        token = next((each.value for each in self.cookies if each.name == "csrftoken"), "")
        request = urllib.request.Request(
            self.site.url + path,
            urllib.parse.urlencode(fields).encode() if fields else None,
            {"X-CSRFToken": token, "Referer": self.site.url, **headers},
        )
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()


@pytest.mark.sqlite  # starts its own database: once is enough
@pytest.mark.skipif(not POSTGRESQL, reason="needs PostgreSQL")
def test_postgresql_cut_off_and_back(wire, tmp_path):
    site = Site(tmp_path, DATABASE_URL=wire.url, DEMO_TOKENS_PER_SECOND="500").start()
    try:
        browser = Browser(site)
        browser.ask("/setup/")
        browser.ask("/setup/", {"username": "ada", "password1": PASSWORD, "password2": PASSWORD})
        message = {"text": "A word to keep", "client_id": str(uuid.uuid4()), "model": "demo"}
        wire.is_cut.set()

        time.sleep(0.2)
        with ThreadPoolExecutor() as at_once:
            sending = at_once.submit(browser.ask, "/c/", message, **{"HX-Request": "true"})
            reading = at_once.submit(browser.ask, "/")
            health, ready = browser.ask("/healthz")[0], browser.ask("/readyz")
            sent, page = sending.result(), reading.result()

        assert sent[0] == page[0] == 503
        assert sent[1]["Retry-After"] == page[1]["Retry-After"] == "5"
        assert sent[1]["HX-Retarget"] == "#notice"
        assert DATABASE_AWAY.split("'s ")[1] in sent[2]
        assert "<h1>Back in a moment</h1>" in page[2]
        assert (health, ready[0]) == (200, 503)
        assert '"database": false' in ready[2]
        # One line for both requests that failed at once, and no traceback.
        lines = [each for each in site.log.splitlines() if " django.request " in each]
        assert len([each for each in lines if "OperationalError: " in each]) == 1
        assert "Traceback" not in site.log

        wire.is_cut.clear()
        until = time.monotonic() + PATIENCE
        while browser.ask("/readyz")[0] != 200 and time.monotonic() < until:
            time.sleep(0.2)
        again = browser.ask("/c/", message, **{"HX-Request": "true"})

        assert again[0] in {200, 202, 204}, again
        assert again[1]["HX-Redirect"]
    finally:
        site.end(signal.SIGTERM)
