"""What the environment makes of the site, and what is said where it makes no sense."""

import os
import runpy
import stat
from pathlib import Path

import pytest

from chatsite import environment
from tests.site import ROOT


@pytest.fixture
def read(monkeypatch, tmp_path):
    """The settings that an environment of these variables alone makes."""

    def read(**variables):
        monkeypatch.setattr(environment, "problems", [])
        monkeypatch.setattr(
            os, "environ", {"HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path), **variables}
        )
        return runpy.run_path(str(ROOT / "chatsite" / "settings.py"))

    return read


def chosen(settings, names):
    return {name: settings.get(name) for name in names}


# --- where the site is reached --------------------------------------------------------------

LOCAL = ["localhost", "127.0.0.1", "[::1]"]
PLAIN = {
    "SECURE_SSL_REDIRECT": None,
    "SECURE_HSTS_SECONDS": None,
    "SECURE_PROXY_SSL_HEADER": None,
    "SESSION_COOKIE_SECURE": None,
    "CSRF_COOKIE_SECURE": None,
}
ENCRYPTED = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def reached(hosts, *, origins=None, exposed=True, **more):
    return {
        "PROBLEMS": [],
        "EXPOSED": exposed,
        "ALLOWED_HOSTS": hosts,
        "CSRF_TRUSTED_ORIGINS": origins,
        **PLAIN,
        **more,
    }


REACHED = {
    "a laptop": ({}, reached(["127.0.0.1", *LOCAL], exposed=False)),
    "another port of it": ({"HOST": "localhost"}, reached(["localhost", *LOCAL], exposed=False)),
    "its IPv6": ({"HOST": "::1"}, reached(["::1", *LOCAL], exposed=False)),
    "every address": ({"HOST": "0.0.0.0"}, reached(["*"])),
    "every IPv6 address": ({"HOST": "[::]"}, reached(["*"])),
    "one address of the LAN": ({"HOST": "192.168.1.5"}, reached(["192.168.1.5", *LOCAL])),
    "a name": ({"HOST": "chat.lan"}, reached(["chat.lan", *LOCAL])),
    "https": (
        {"PUBLIC_URL": "https://chat.example.org"},
        reached(["chat.example.org", *LOCAL], origins=["https://chat.example.org"], **ENCRYPTED),
    ),
    "https as people type it": (
        {"PUBLIC_URL": " https://Chat.Example.org:8443/ "},
        reached(
            ["chat.example.org", *LOCAL], origins=["https://chat.example.org:8443"], **ENCRYPTED
        ),
    ),
    "https behind a proxy elsewhere": (
        {"PUBLIC_URL": "https://chat.example.org", "HOST": "0.0.0.0"},
        reached(["chat.example.org", *LOCAL], origins=["https://chat.example.org"], **ENCRYPTED),
    ),
    "http": (
        {"PUBLIC_URL": "http://chat.lan"},
        reached(["chat.lan", *LOCAL], origins=["http://chat.lan"]),
    ),
}


@pytest.mark.parametrize(("variables", "expected"), REACHED.values(), ids=REACHED)
def test_where_the_site_is_reached(read, variables, expected):
    assert chosen(read(**variables), expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.org",
        "ftp://chat.example.org",
        "https://",
        "https://chat.example.org/chat",
        "https://chat.example.org?x=1",
        "https://user@chat.example.org",
        "https://chat.example.org:port",
        "https://chat example",
        "https://[chat",
    ],
)
def test_a_public_url_that_is_none_is_said_and_still_counts_as_exposed(read, url):
    settings = read(PUBLIC_URL=url)

    assert settings["PROBLEMS"] == [
        f"PUBLIC_URL must be like https://chat.example.org, not {url!r}."
    ]
    assert (settings["EXPOSED"], settings["PUBLIC_URL"]) == (True, "")


# --- types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value", "problems"),
    [
        ("", False, []),
        ("1", True, []),
        ("True", True, []),
        (" yes ", True, []),
        ("on", True, []),
        ("0", False, []),
        ("FALSE", False, []),
        ("no", False, []),
        ("off", False, []),
        ("maybe", False, ["DEBUG must be 1 or 0, not 'maybe'."]),
    ],
)
def test_flags(read, typed, value, problems):
    settings = read(DEBUG=typed)

    assert (settings["DEBUG"], settings["PROBLEMS"]) == (value, problems)


@pytest.mark.parametrize(
    ("typed", "value"), [("", 4096), ("1", 1), ("8192", 8192), (" 2048 ", 2048), ("1e4", 10_000)]
)
def test_numbers(read, typed, value):
    settings = read(DEFAULT_MAX_TOKENS=typed)

    assert (settings["DEFAULT_MAX_TOKENS"], settings["PROBLEMS"]) == (value, [])


@pytest.mark.parametrize("typed", ["many", "0", "-5", "0.5", "nan", "inf", "1,000", "0x10"])
def test_a_number_that_is_none_or_too_small_is_said_and_not_used(read, typed):
    settings = read(DEFAULT_MAX_TOKENS=typed)

    assert settings["DEFAULT_MAX_TOKENS"] == 4096
    assert settings["PROBLEMS"] == [
        f"DEFAULT_MAX_TOKENS must be a number of at least 1, not {typed!r}."
    ]


@pytest.mark.parametrize(
    "name",
    [
        "DEMO_TOKENS_PER_SECOND",
        "UPSTREAM_CONNECT_SECONDS",
        "UPSTREAM_FIRST_TOKEN_SECONDS",
        "UPSTREAM_SILENCE_SECONDS",
        "UPSTREAM_TOTAL_SECONDS",
        "DEFAULT_MAX_TOKENS",
        "DEFAULT_CONTEXT_WINDOW",
        "MAX_MESSAGE_LENGTH",
        "MAX_ANSWER_LENGTH",
        "MAX_RUNNING_ANSWERS",
        "BEAT_SECONDS",
        "TAKEOVER_SECONDS",
        "FLUSH_SECONDS",
        "FRAME_SECONDS",
        "SHUTDOWN_SECONDS",
    ],
)
def test_every_limit_is_read_from_the_environment(read, name):
    assert read(**{name: "1234"})[name] == 1234
    assert len(read(**{name: "x"})["PROBLEMS"]) == 1


@pytest.mark.parametrize(
    ("typed", "zone", "problems"),
    [
        ("", "UTC", []),
        ("Europe/Berlin", "Europe/Berlin", []),
        ("Mars", "UTC", ["TIME_ZONE must be like Europe/Berlin, not 'Mars'."]),
        ("../etc", "UTC", ["TIME_ZONE must be like Europe/Berlin, not '../etc'."]),
        ("Europe", "UTC", ["TIME_ZONE must be like Europe/Berlin, not 'Europe'."]),
    ],
)
def test_time_zones(read, typed, zone, problems):
    settings = read(TIME_ZONE=typed)

    assert (settings["TIME_ZONE"], settings["PROBLEMS"]) == (zone, problems)


# --- database and layer ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [("", "{data}/chatsite.sqlite3"), ("sqlite:////srv/chat.sqlite3", "/srv/chat.sqlite3")],
)
def test_sqlite_waits_for_its_turn_and_writes_ahead(read, tmp_path, url, name):
    database = read(DATABASE_URL=url)["DATABASES"]["default"]

    assert str(database["NAME"]) == name.format(data=tmp_path)
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["OPTIONS"] == {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_has_a_pool(read, scheme):
    database = read(DATABASE_URL=f"{scheme}://ann:p%40ss@db:5433/chat")["DATABASES"]["default"]

    expected = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "chat",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": 5433,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 2, "max_size": 20, "timeout": 10}},
    }
    assert chosen(database, expected) == expected


def test_what_a_database_url_asks_of_the_connection_is_kept(read):
    url = "postgres://ann:pass@db/chat?sslmode=verify-full"

    options = read(DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]

    assert options["sslmode"] == "verify-full"
    assert options["pool"]["max_size"] == 20


@pytest.mark.parametrize(
    "url",
    [
        "sesame",
        "db.example.org/chat",
        "mysql://ann:sesame@db/chat",
        "postgres://ann:sesame@db:port/chat",
        "postgres://ann:sesame@[db/chat",
        "nosql://ann:sesame@db/chat",
    ],
)
def test_a_database_url_that_is_none_is_said_without_its_password(read, tmp_path, url):
    settings = read(DATABASE_URL=url)

    assert settings["PROBLEMS"] == [
        "DATABASE_URL must be like postgres://user:password@host:5432/name or sqlite:////a/file."
    ]
    assert settings["DATABASES"]["default"]["NAME"] == tmp_path / "chatsite.sqlite3"


def test_one_process_needs_no_redis(read):
    settings = read()

    assert settings["SINGLE_PROCESS"]
    assert settings["CHANNEL_LAYERS"]["default"] == {
        "BACKEND": "channels.layers.InMemoryChannelLayer"
    }


@pytest.mark.parametrize(
    "url", ["redis://cache:6379/0", "rediss://:pass@cache", "unix:///run/redis.sock"]
)
def test_redis_carries_between_processes(read, url):
    settings = read(REDIS_URL=url)

    assert (settings["SINGLE_PROCESS"], settings["PROBLEMS"]) == (False, [])
    assert settings["CHANNEL_LAYERS"]["default"] == {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": url, "socket_timeout": None}]},
    }


@pytest.mark.parametrize("url", ["cache:6379", "http://:sesame@cache", "redis://[cache"])
def test_a_redis_url_that_is_none_is_said_without_its_password(read, url):
    assert read(REDIS_URL=url)["PROBLEMS"] == ["REDIS_URL must be like redis://host:6379/0."]


# --- the model behind the chat --------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "demo", "model"),
    [
        ({}, True, "demo"),
        ({"DEFAULT_MODEL": "gpt-4o"}, True, "demo"),
        ({"OPENAI_API_KEY": "  "}, True, "demo"),
        ({"OPENAI_API_KEY": "sk-1"}, False, "gpt-5-mini"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, False, "gpt-5-mini"),
        ({"OPENAI_BASE_URL": "http://llm/v1", "DEFAULT_MODEL": "llama3"}, False, "llama3"),
    ],
)
def test_a_key_or_an_address_ends_the_demo(read, variables, demo, model):
    settings = read(**variables)

    assert (settings["DEMO_MODE"], settings["DEFAULT_MODEL"]) == (demo, model)
    assert settings["PROBLEMS"] == []


@pytest.mark.parametrize("url", ["llm/v1", "ws://llm/v1", "http://", "http://[llm"])
def test_a_base_url_that_is_none_is_said_and_does_not_lead_elsewhere(read, url):
    settings = read(OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-1")

    assert settings["PROBLEMS"] == ["OPENAI_BASE_URL must be like https://api.example.org/v1."]
    assert settings["OPENAI_BASE_URL"] == url


@pytest.mark.parametrize(
    ("typed", "value", "problems"),
    [
        ("", "auto", []),
        ("max_tokens", "max_tokens", []),
        ("max_completion_tokens", "max_completion_tokens", []),
        (
            "both",
            "auto",
            ["MAX_TOKENS_PARAMETER must be auto, max_tokens or max_completion_tokens, not 'both'."],
        ),
    ],
)
def test_the_name_of_the_limit(read, typed, value, problems):
    settings = read(MAX_TOKENS_PARAMETER=typed)

    assert (settings["MAX_TOKENS_PARAMETER"], settings["PROBLEMS"]) == (value, problems)


# --- the data folder and its secret ---------------------------------------------------------


def test_the_secret_key_is_made_once_and_kept_over_restarts(read, tmp_path):
    keys = {read()["SECRET_KEY"] for _ in range(3)}

    assert keys == {(tmp_path / "secret-key").read_text()}
    assert len(keys.pop()) == 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_given_secret_key_is_used_and_none_is_made(read, tmp_path):
    assert read(SECRET_KEY="given")["SECRET_KEY"] == "given"
    assert not (tmp_path / "secret-key").exists()


@pytest.mark.parametrize(
    ("typed", "folder"),
    [("{tmp}/deep/er", "{tmp}/deep/er"), ("~/chat", "{tmp}/home/chat")],
)
def test_data_lives_where_it_was_asked_to(read, tmp_path, typed, folder):
    settings = read(DATA_DIR=typed.format(tmp=tmp_path))

    assert settings["DATA_DIR"] == Path(folder.format(tmp=tmp_path))
    assert settings["DATA_DIR"].is_dir()


@pytest.mark.parametrize("key", ["", "given"])
def test_an_impossible_data_folder_is_noted(read, impossible, key):
    settings = read(DATA_DIR=impossible, SECRET_KEY=key)

    assert settings["DATA_DIR_PROBLEM"] == "Not a directory"
    assert len(settings["SECRET_KEY"]) == (len(key) or 50)


def test_a_secret_key_that_cannot_be_kept_is_noted(read, tmp_path):
    (tmp_path / "secret-key").mkdir()

    assert read()["DATA_DIR_PROBLEM"] == "secret-key: Is a directory"
