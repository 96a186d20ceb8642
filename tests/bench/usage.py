"""What the pages of staff cost at 1,000,000 calls, on PostgreSQL.

A database of its own is filled by set-based SQL: a year of 300 people, 6 models and 2 purposes,
with the roll-ups and spending that they make, which the audit then proves. Printed are medians
in milliseconds of each page as a browser asks for it, rendered, in one run on one machine.
"""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

SERVER = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
DATABASE = "chatsite_bench_usage"
CALLS = int(os.environ.get("BENCH_CALLS", "1000000"))
ROUNDS = 5
FILL = Path(__file__).with_suffix(".sql")


def make_database() -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")


def drop_database() -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def set_up() -> None:
    """This process becomes one of the site's, on that database."""
    os.environ["DATABASE_URL"] = SERVER.rpartition("/")[0] + f"/{DATABASE}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    os.environ.pop("REDIS_URL", None)
    import django
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    django.setup()


def fill() -> None:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL.read_text().replace("{CALLS}", str(CALLS)))
    for table in ("completion", "dayusage", "spending", "conversation"):
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE conversations_{table}")


def pages() -> Iterator[tuple[str, str]]:
    from django.utils import timezone

    today = timezone.localdate()
    day = today.replace(day=1).isoformat()
    usage, ledger = "/admin/conversations/dayusage/", "/admin/conversations/completion/"
    for period in ("today", "week", "month", "last_month", "year"):
        yield f"usage, {period}", f"{usage}?period={period}"
    for words, query in (
        ("a user", "user=7"),
        ("a group", "group=2"),
        ("a model", "model=gpt-4o-mini"),
        ("a purpose", "purpose=answer"),
        ("deleted accounts", "user=0"),
        ("page 3 of users", "p=3"),
    ):
        yield f"usage, year, {words}", f"{usage}?period=year&{query}"
    for table in ("days", "users", "groups", "models", "purposes"):
        yield f"usage as CSV, year, {table}", f"{usage}{table}.csv?period=year"
    yield "ledger, first page", ledger
    yield "ledger, last page", f"{ledger}?p={max(min(CALLS, 10_000) // 100, 1)}"
    for words, query in (
        ("a user", "user=7"),
        ("deleted accounts", "user=0"),
        ("a group", "group=2"),
        ("a group at the time", "counted_in=2"),
        ("a model", "model=gpt-4o-mini"),
        ("a rare model", "model=rare"),
        ("all but some models", "not_model=gpt-4o-mini&not_model=gpt-4o"),
        ("a day", f"day__gte={day}&day__lte={day}"),
        ("a purpose", "purpose__exact=summary"),
        ("any error", "error=any"),
        ("one error", "error=server"),
        ("cost unknown", "priced=no"),
        ("estimated", "is_estimated__exact=1"),
        ("told", "tokens=told"),
        ("cached", "tokens=cached"),
        ("running", "state=running"),
        ("ended", "state=ended"),
        ("user, model, day", f"user=7&model=gpt-4o&day__gte={day}&state=ended"),
        ("user, rare model", "user=7&model=rare&state=ended"),
        ("user, error", "user=7&error=any&state=ended"),
        ("a day, errors", f"day__gte={day}&day__lte={day}&error=any&state=ended"),
        ("search for an id", "q=chatcmpl-123456"),
        ("search for a person", "q=person7"),
        ("by cost", "o=-6"),
        ("the oldest first", "o=1"),
    ):
        yield f"ledger, {words}", f"{ledger}?{query}"
    yield "conversations", "/admin/conversations/conversation/"


def milliseconds(client: object, address: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        response = client.get(address)  # type: ignore[attr-defined] # django.test's
        assert response.status_code == 200, (address, response.status_code)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def measure() -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.get(username="root"))
    print("| page | ms |\n|---|---|")
    for words, address in pages():
        print(f"| {words} | {milliseconds(client, address):,.0f} |", flush=True)


def audit() -> None:
    from conversations import accounting

    begun = time.perf_counter()
    wrong = accounting.audit()
    assert wrong == [], wrong[:5]
    print(f"The audit is clean, in {time.perf_counter() - begun:.0f} s.")


def main() -> None:
    make_database()
    try:
        set_up()
        begun = time.perf_counter()
        fill()
        print(f"{CALLS:,} calls made in {time.perf_counter() - begun:.0f} s.", flush=True)
        audit()
        measure()
    finally:
        drop_database()


if __name__ == "__main__":
    main()
