"""What the log says: one line an event, readable or as JSON, and nothing that is secret."""

import contextlib
import http.cookiejar
import json
import logging
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest
from django.db import IntegrityError, OperationalError

from chatsite.logs import JsonFormatter, LineFormatter, SeldomAway
from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.site import Site
from tests.upstream_server import UpstreamServer, answer, error_response

KEY = "sk-house-0123456789abcdefghij"


def record(message, *arguments, **more):
    found = logging.LogRecord("here", logging.INFO, __file__, 1, message, arguments, None)
    found.__dict__ |= more
    return found


def raised(error, cause=None):
    try:
        raise error from cause
    except Exception:
        return sys.exc_info()


def line(*arguments, **more):
    """What the line says after its time."""
    return LineFormatter().format(record(*arguments, **more))[24:]


def parsed(*arguments, **more):
    return json.loads(JsonFormatter().format(record(*arguments, **more)))


# --- one line, with its figures ---------------------------------------------------------------


def test_a_line_has_its_fields_behind_its_words():
    fields = {"user": 3, "status": "complete", "error": "", "first_token_ms": None}

    assert line("turn ended", fields=fields) == (
        "INFO here turn ended user=3 status=complete error=- first_token_ms=-"
    )


def test_json_has_them_beside_its_words():
    found = parsed("turn ended", fields={"user": 3, "cost_usd": "0.1", "error": ""})

    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "INFO",
        "logger": "here",
        "message": "turn ended",
        "user": 3,
        "cost_usd": "0.1",
        "error": "",
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt 4", '"gpt 4"'),
        ('x" user=9', '"x\\" user=9"'),
        ("a\nERROR b", '"a\\nERROR b"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("a\x1b[31mb", '"a\\u001b[31mb"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("a\ud800b", '"a\\ud800b"'),
    ],
)
def test_no_value_passes_for_another_line_or_field(model, expected):
    found = line("turn ended", fields={"model": model})

    assert found == f"INFO here turn ended model={expected}"
    found.encode()


def test_words_stay_on_their_line():
    assert line("model %s", "a\nERROR root b\x85") == "INFO here model a\\nERROR root b\\x85"


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_what_a_caller_attaches_is_not_written(formatter):
    """Django attaches the request, whose address may hold what somebody searches for."""
    assert "otter" not in formatter.format(record("Not found", request="GET /?q=otter"))


# --- failures -----------------------------------------------------------------------------------


def test_a_database_that_is_away_is_no_traceback():
    error = OperationalError("connection refused\n\tIs the server running?")

    assert line("no", exc_info=raised(error)) == (
        "INFO here no: OperationalError: connection refused"
    )
    assert parsed("no", exc_info=raised(error))["exception"] == (
        "OperationalError: connection refused"
    )


def test_every_request_that_meets_it_is_no_line_of_its_own(monkeypatch):
    seldom, away = SeldomAway(), raised(OperationalError("no"))

    written = [seldom.filter(record("100%", exc_info=away)) for _ in range(4)]
    assert written == [True, False, False, False]
    assert seldom.filter(record("another failure", exc_info=raised(ValueError())))

    monkeypatch.setattr(SeldomAway, "SECONDS", 0)
    after = record("100%", exc_info=away)
    assert seldom.filter(after)
    assert after.getMessage() == "100% (and 3 like it)"


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_a_database_that_refuses_a_row_does_not_quote_it(formatter):
    words = "check failed\nDETAIL:  Failing row contains (my secret prompt)."
    error = raised(IntegrityError(words), IntegrityError(words))

    found = formatter.format(record("no", exc_info=error))

    assert "Traceback" in found
    assert "IntegrityError: check failed" in found
    assert "secret prompt" not in found


def test_any_other_failure_has_its_traceback():
    found = line("no", exc_info=raised(ValueError("out of range")))

    assert found.startswith("INFO here no\nTraceback")
    assert found.endswith("ValueError: out of range")


# --- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_our_own_secrets_are_masked_wherever_they_stand(formatter, settings):
    settings.OPENAI_API_KEY = KEY
    settings.METRICS_TOKEN = "a-token-for-metrics"
    settings.DATABASE_URL = "postgres://me:p%40ssword@db/x"
    settings.REDIS_URL = "redis://:redis-pass@cache"
    words = f"{KEY} a-token-for-metrics p@ssword p%40ssword redis-pass {settings.SECRET_KEY}"

    found = formatter.format(
        record(words, fields={"model": KEY}, exc_info=raised(ValueError(words)))
    )

    secrets = (*words.split(), settings.SECRET_KEY)
    assert [secret for secret in secrets if secret in found] == []
    assert found.count("[secret]") == 2 * 6 + 1


def test_a_stand_in_for_a_key_is_no_secret(settings):
    settings.OPENAI_API_KEY = "x"

    assert line("six") == "INFO here six"


# --- a site as it runs ----------------------------------------------------------------------------


class Person:
    """Signs in and sends, as a browser would."""

    def __init__(self, site):
        self.site, self.cookies = site, http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self.opener = urllib.request.build_opener(handler)

    def cookie(self, name):
        return next(each.value for each in self.cookies if each.name == name)

    def post(self, path, **fields):
        headers = {"X-CSRFToken": self.cookie("csrftoken"), "Referer": self.site.url}
        body = urllib.parse.urlencode(fields).encode()
        with contextlib.suppress(urllib.error.HTTPError):
            request = urllib.request.Request(self.site.url + path, body, headers)
            return self.opener.open(request, timeout=PATIENCE)

    def say(self, text):
        self.post("/c/", text=text, client_id=uuid.uuid4(), model="gpt-4o-mini")


def turn_lines(site, number):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = [each for each in site.log.splitlines() if "turn ended" in each]
        if len(found) >= number:
            return found
        time.sleep(0.1)
    raise AssertionError(site.log)


@pytest.mark.sqlite
@pytest.mark.parametrize("how", ["line", "json"])
def test_a_whole_turn_leaves_no_word_and_no_secret_in_the_log(how, tmp_path):
    with UpstreamServer() as provider:
        quoting = f"Incorrect API key {KEY} for 'prompt-otter'"
        provider.play(*error_response(400, "bad", quoting), when="fails")
        provider.default = answer("answer-badger")
        site = Site(
            tmp_path,
            OPENAI_BASE_URL=provider.base_url,
            OPENAI_API_KEY=KEY,
            METRICS_TOKEN="token-walrus-0123456789",
            LOG_FORMAT=how,
        ).start()
        try:
            person = Person(site)
            person.opener.open(site.url + "/setup/")
            person.post("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
            person.say("prompt-otter")
            person.say("prompt-otter fails")
            with contextlib.suppress(urllib.error.HTTPError):
                person.opener.open(f"{site.url}/sidebar/?q=search-heron")
            found = turn_lines(site, 2)
        finally:
            site.end()

    assert len(found) == 2
    if how == "json":
        told = [json.loads(each) for each in found]
        assert sorted(each["status"] for each in told) == ["complete", "failed"]
        assert {each["error"] for each in told} == {"", "bad_request"}
    session = person.cookie("sessionid")
    words = ("otter", "badger", "heron", "walrus", KEY, "sk-house", PASSWORD, session)
    assert [word for word in words if word in site.log] == []
