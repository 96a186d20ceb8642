"""DATABASE_URL and REDIS_URL: where everything is kept, and what carries hints."""

import pytest

from tests.settings.conftest import chosen


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
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "tcp_user_timeout": 10_000,
            "options": "-c idle_in_transaction_session_timeout=10s",
            "pool": {"min_size": 2, "max_size": 20, "timeout": 10, "reconnect_timeout": 2},
        },
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
    layer = settings["CHANNEL_LAYERS"]["default"]
    assert layer["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"
    assert layer["CONFIG"].pop("prefix").startswith("chatsite-")
    assert layer["CONFIG"] == {"hosts": [{"address": url, "socket_timeout": None}]}


@pytest.mark.parametrize("url", ["cache:6379", "http://:sesame@cache", "redis://[cache"])
def test_a_redis_url_that_is_none_is_said_without_its_password(read, url):
    assert read(REDIS_URL=url)["PROBLEMS"] == ["REDIS_URL must be like redis://host:6379/0."]
