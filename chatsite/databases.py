"""Which database the site keeps everything in, and how it is connected to."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from chatsite.environment import note


def database(url: str, data_dir: Path) -> dict[str, object]:
    """The one that DATABASE_URL names; without it, or where it is none, a file of SQLite's."""
    own = data_dir / "chatsite.sqlite3"
    if not url:
        return _sqlite(own, data_dir)
    try:
        named: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError):
        named = {"ENGINE": ""}
    match named:
        case {"ENGINE": "django.db.backends.sqlite3", "NAME": name}:
            return _sqlite(Path(str(name)), data_dir)
        case {"ENGINE": "django.db.backends.postgresql"}:
            return _postgresql(named)
    # The value may hold a password, so it is not repeated.
    note("DATABASE_URL must be like postgres://user:password@host:5432/name or sqlite:////a/file.")
    return _sqlite(own, data_dir)


def _postgresql(named: dict[str, Any]) -> dict[str, object]:
    # A pool, since reconnecting costs ten times a query; the pool's default is 4 connections.
    # A server that is back is found at once: left alone, the pool waits twice as long each time.
    pool = {"min_size": 2, "max_size": 20, "timeout": 10, "reconnect_timeout": 2}
    given = named.get("OPTIONS", {})
    # A process that is frozen in a transaction must not hold its locks against all the others.
    session = f"-c idle_in_transaction_session_timeout=10s {given.get('options', '')}".strip()
    # A server that is gone without a word is found out in seconds, not in a quarter of an hour.
    network = {"connect_timeout": 5, "keepalives_idle": 5, "tcp_user_timeout": 10_000}
    return {
        **named,
        # A connection that died with the server is found out before somebody's query meets it.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**network, **given, "options": session, "pool": pool},
    }


def _sqlite(path: Path, data_dir: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # IMMEDIATE: two read-modify-writes at once wait for each other instead of failing.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # Runners and sockets have threads of their own; an in-memory database is one thread's.
        "TEST": {"NAME": data_dir / f"test-{os.getpid()}.sqlite3"},
    }
