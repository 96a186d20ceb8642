"""What bin/serve does before it serves: check, migrate, load prices, say where and how.

Several processes may start at once: one does the work, the others wait, and find it done.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections

from conversations.first_account import has_accounts, setup_code
from conversations.text import one_line

# Any number, as long as it stays the same: the lock's name in the database.
LOCK = 7_205_118_322


class Command(BaseCommand):
    help = "Bring database and prices up to date and say how the site will run."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        with _one_on_this_machine():
            try:
                with _one_on_this_database():
                    _bring_database_up_to_date()
            except OperationalError as error:
                why = one_line(str(error), 300)
                raise CommandError(
                    f"The database cannot be used ({why}); see DATABASE_URL."
                ) from error
            if not settings.DEBUG:
                _collect_static_files()
        self.stdout.write(f"Chatsite: {_address()}")
        self.stdout.write(_mode())
        if settings.EXPOSED and not has_accounts():
            # Here, where the person who starts the site reads it, and nowhere else.
            self.stdout.write(f"Setup code for the first account: {setup_code()}")
        self.stdout.flush()


def _bring_database_up_to_date() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_prices", verbosity=0)
    call_command("load_presets", verbosity=0)


def _collect_static_files() -> None:
    """Where a web server of another user may read them, whatever this user's other files are."""
    before = os.umask(0o022)
    try:
        settings.STATIC_ROOT.chmod(0o755)
        call_command("collectstatic", verbosity=0, interactive=False)
    finally:
        os.umask(before)


@contextmanager
def _one_on_this_machine() -> Iterator[None]:
    with (settings.DATA_DIR / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _one_on_this_database() -> Iterator[None]:
    """On a connection of its own: PostgreSQL gives the lock back when it is gone."""
    if connection.vendor != "postgresql":
        yield
        return
    holder = connections.create_connection("default")
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    finally:
        holder.close()


def _address() -> str:
    host = settings.HOST.strip("[]")
    host = f"[{host}]" if ":" in host else host
    local = f"http://{host}:{os.environ.get('PORT', '8000')}/"
    return f"{settings.PUBLIC_URL}/ (served at {local})" if settings.PUBLIC_URL else local


def _mode() -> str:
    if settings.DEMO_MODE:
        return (
            "Demo mode: answers come from a demo on this machine. "
            "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
        )
    base = _without_secrets(settings.OPENAI_BASE_URL) or "OpenAI"
    return f"Answers come from {base}, model {settings.DEFAULT_MODEL} unless a chat says otherwise."


def _without_secrets(url: str) -> str:
    """The address without what may hold a password: user, query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
