"""What a process counts, and who may read it."""

import re
import time
import urllib.error
import urllib.request
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from conversations import metrics
from conversations.models import Gate
from tests.patience import PATIENCE
from tests.people import PASSWORD, make_conversation, make_person, say
from tests.site import Site
from tests.test_logging import Person
from tests.upstream_server import Gate as Hold
from tests.upstream_server import (
    UpstreamServer,
    content,
    done,
    error_response,
    finish,
    role_chunk,
    usage,
)

TOKEN = "a-token-of-some-length"


def read(text):
    """Every sample by its name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def samples(site=None):
    return read(metrics.exposition(site).decode())


@pytest.fixture
def few_models(monkeypatch):
    """As in a process that has just begun."""
    monkeypatch.setattr(metrics, "_models", set())


# --- figures ------------------------------------------------------------------------------------


def test_names_follow_the_conventions():
    families = list(text_string_to_metric_families(metrics.exposition(metrics.Site()).decode()))
    ours = [family for family in families if family.name.startswith("chatsite_")]

    assert {family.name.split("_")[0] for family in families} == {"chatsite", "process"}
    assert len(ours) > 20
    assert [family.name for family in ours if not family.documentation.endswith(".")] == []
    assert [family.name for family in ours if re.search("[A-Z]|_ms$|_count$", family.name)] == []
    kinds = {family.name: family.type for family in ours}
    assert [
        name for name, kind in kinds.items() if kind not in {"counter", "gauge", "histogram"}
    ] == []


def test_a_call_counts_with_all_that_it_took(few_models):
    model = f"counted-{uuid.uuid4()}"
    before = samples()

    metrics.call_ended("answer", model, {"prompt": 9, "cached": 0}, Decimal("0.5"), 250, "")
    metrics.call_ended("answer", model, {"prompt": 1}, None, None, "rate_limit")

    now = samples()
    assert now["chatsite_tokens_total", "prompt", model] == 10
    assert ("chatsite_tokens_total", "cached", model) not in now
    assert now["chatsite_cost_usd_total", model] == 0.5

    def grown(*name):
        return now[name] - before.get(name, 0)

    assert grown("chatsite_calls_total", "answer") == 2
    assert grown("chatsite_calls_of_unknown_cost_total") == 1
    assert grown("chatsite_errors_total", "rate_limit") == 1
    assert grown("chatsite_first_token_seconds_count") == 1
    assert grown("chatsite_first_token_seconds_sum") == pytest.approx(0.25)


def test_models_that_anybody_makes_up_share_a_label(few_models):
    labels = [metrics.model_label(f"model {n}") for n in range(60)]

    assert labels[:50] == [f"model {n}" for n in range(50)]
    assert set(labels[50:]) == {"other"}
    assert metrics.model_label("model 3") == "model 3"


def test_a_model_that_took_nothing_has_no_label(few_models):
    metrics.call_ended("answer", "made up", {"prompt": 0}, Decimal(0), None, "bad_request")

    assert metrics._models == set()


def test_a_name_cannot_break_the_text(few_models):
    model = f'{uuid.uuid4()}"}} 1\nfake_total 9'

    metrics.call_ended("answer", model, {"prompt": 3}, None, None, "")

    found = samples()
    assert found["chatsite_tokens_total", "prompt", model] == 3
    assert ("fake_total",) not in found


def test_a_database_that_is_away_is_a_figure_too():
    away, there = samples(None), samples(metrics.Site(running=2, waiting={"line": 3}))

    assert away["chatsite_database_up",] == 0
    assert ("chatsite_site_answers_running",) not in away
    assert there["chatsite_database_up",] == 1
    assert there["chatsite_site_answers_running",] == 2
    assert there["chatsite_site_answers_waiting", "line"] == 3


# --- who may read it ----------------------------------------------------------------------------


def ask(client, token=""):
    headers = {"Authorization": token} if token else {}
    return client.get("/metrics", headers=headers)


@pytest.mark.parametrize(
    ("setting", "sent", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, f"bearer {TOKEN} ", 200),
        (TOKEN, f"Bearer {TOKEN}x", 401),
        (TOKEN, f"Basic {TOKEN}", 401),
        (TOKEN, TOKEN, 401),
        (TOKEN, "Bearer ", 401),
        (TOKEN, "Bearer é", 401),
        (TOKEN, "", 401),
        ("", "Bearer ", 401),
        ("", f"Bearer {TOKEN}", 401),
        ("", "", 401),
    ],
)
def test_a_token_opens_it(transactional_db, client, settings, setting, sent, status):
    settings.METRICS_TOKEN = setting

    response = ask(client, sent)

    assert response.status_code == status
    assert "no-store" in response["Cache-Control"]
    if status == 401:
        assert response["WWW-Authenticate"] == 'Bearer realm="metrics"'
        assert "chatsite_" not in response.content.decode()


@pytest.mark.parametrize(
    ("rights", "status"), [({}, 401), ({"is_staff": True}, 200), ({"is_superuser": True}, 401)]
)
def test_staff_need_no_token(transactional_db, client, rights, status):
    client.force_login(make_person("dora", **rights))

    response = ask(client)

    assert response.status_code == status
    if status == 200:
        assert response["Content-Type"].startswith("text/plain; version=0.0.4")


def test_the_site_as_a_whole(transactional_db, client, settings, alice):
    settings.METRICS_TOKEN, settings.MAX_CALLS = TOKEN, 1
    now = timezone.now()
    for number, age in enumerate((0, 50, 20)):
        say(
            make_conversation(alice),
            "assistant",
            "",
            status="streaming" if number == 0 else "queued",
            run=uuid.uuid4() if number == 0 else None,
            queued_at=now - timedelta(seconds=age),
        )
    Gate.objects.update_or_create(pk=1, defaults={"failures": 2})

    found = read(ask(client, f"Bearer {TOKEN}").content.decode())

    assert found["chatsite_database_up",] == 1
    assert found["chatsite_site_answers_running",] == 1
    assert found["chatsite_site_answers_waiting", "line"] == 2
    assert found["chatsite_site_answers_waiting", "retry"] == 0
    assert 50 <= found["chatsite_site_oldest_waiting_seconds",] < 60
    assert found["chatsite_site_circuit_open",] == 0
    assert found["chatsite_site_failures_in_a_row",] == 2


# --- a site as it runs --------------------------------------------------------------------------


@pytest.mark.sqlite
def test_a_site_counts_what_it_does(tmp_path):
    with UpstreamServer() as provider:
        provider.play(*error_response(500))
        hold, ending = Hold(), (finish(), usage(1000, 200), done())
        provider.default = [role_chunk(), content("Hello "), hold, content("there!"), *ending]
        site = Site(
            tmp_path,
            OPENAI_BASE_URL=provider.base_url,
            METRICS_TOKEN=TOKEN,
            RETRY_SECONDS="20",
            RETRY_BASE_SECONDS="0.01",
            FLUSH_SECONDS="0.1",
        ).start()
        try:
            person = Person(site)
            person.opener.open(site.url + "/setup/")
            person.post("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
            person.say("Hello")
            _read_until(site, ("chatsite_flush_lag_seconds_count",))
            hold.open()
            found = _read_until(site, ("chatsite_turns_total", "complete"))
        finally:
            site.end()

    assert found["chatsite_turns_total", "complete"] == 1
    assert found["chatsite_calls_total", "answer"] == 2
    assert found["chatsite_retries_total",] == 1
    assert found["chatsite_errors_total", "server"] == 1
    assert found["chatsite_tokens_total", "prompt", "gpt-4o-mini"] == 1000
    assert found["chatsite_cost_usd_total", "gpt-4o-mini"] == pytest.approx(0.00027)
    assert found["chatsite_first_token_seconds_count",] == 1
    assert found["chatsite_turn_seconds_count",] == 1
    assert found["chatsite_flush_lag_seconds_count",] >= 1
    assert found["chatsite_dispatch_seconds_count",] >= 2
    assert found["chatsite_draining",] == 0


def _read_until(site, name):
    request = urllib.request.Request(
        f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    until = time.monotonic() + PATIENCE
    found = {}
    while not found.get(name) and time.monotonic() < until:
        time.sleep(0.1)
        with urllib.request.urlopen(request) as answered:
            found = read(answered.read().decode())
    return found
