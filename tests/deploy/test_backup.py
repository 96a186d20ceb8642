"""Backed up while it runs, wiped, restored: everything is there."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.machine import DEPLOY, missing_parts, run
from tests.people import PASSWORD
from tests.site import Site

pytestmark = pytest.mark.sqlite  # has its own databases: once is enough

FILL = f"""
from django.contrib.auth.models import User
from conversations.models import Conversation, Message
person = User.objects.create_user("%s", password={PASSWORD!r})
for n in range(50):
    chat = Conversation.objects.create(owner=person, title=f"Tea {{n}}", model="gpt-4o-mini")
    Message.objects.create(
        conversation=chat, owner=person, role="user", origin="typed", text=f"Ünïcode \\U0001f375 {{n}}"
    )
"""
SHOW = """
from conversations.models import Message
from django.contrib.auth.models import User
from conversations import search
print(sorted(Message.objects.filter(owner__username="%s").values_list("id", "text")))
person = User.objects.get(username="%s")
print(person.check_password("correct horse battery staple"))
"""


def script(name: str, folder: Path, environment: dict[str, str], fails: bool = False) -> str:
    """What a script of `deploy/` prints, of which nothing may be a warning."""
    nowhere = {"CHATSITE_ENV": "/nowhere"}
    done = subprocess.run(
        [DEPLOY / name, folder],
        env=environment | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    assert fails or done.stderr == ""
    return (done.stdout + done.stderr).strip()


def test_sqlite(tmp_path):
    site = Site(tmp_path / "data").start()
    try:
        site.manage(FILL % "ada")
        before = site.manage(SHOW % ("ada", "ada"))

        backup = Path(script("backup", tmp_path / "backups", site.environment))

        assert sorted(each.name for each in backup.iterdir()) == ["database.sqlite3", "secret-key"]
        assert oct(backup.stat().st_mode)[-3:] == "700"
        said = script("restore", backup, site.environment, fails=True)
        assert said == "The site is running; stop it first."
        # A crash: what is in the write-ahead log belongs to the database that goes.
        site.end(signal.SIGKILL)
        (site.folder / "chatsite.sqlite3").write_bytes(b"")
        (site.folder / "secret-key").unlink()

        script("restore", backup, site.environment)

        site.start()
        assert site.manage(SHOW % ("ada", "ada")) == before
        assert (site.folder / "secret-key").read_text() == (backup / "secret-key").read_text()
    finally:
        site.end()


@pytest.mark.skipif(bool(missing_parts()), reason=f"needs {missing_parts()}")
def test_postgresql(machine, tmp_path):
    machine.manage(FILL % "bea")
    before = machine.manage(SHOW % ("bea", "bea"))
    backup = Path(script("backup", tmp_path, machine.environment))
    said = script("restore", backup, machine.environment, fails=True)
    assert said.startswith("The database is in use (")
    machine.stop_site()
    try:
        machine.postgresql.as_owner("DROP DATABASE chatsite")
        machine.postgresql.as_owner("CREATE DATABASE chatsite OWNER chatsite")
        (machine.shared / "secret-key").unlink()

        script("restore", backup, machine.environment)

        assert machine.manage(SHOW % ("bea", "bea")) == before
        # What was restored can be backed up and restored again, over what is there already;
        # what a backup knows nothing of goes.
        again = Path(script("backup", tmp_path / "again", machine.environment))
        machine.postgresql.as_owner("CREATE TABLE later (id int)", "chatsite")
        script("restore", again, machine.environment)
        assert machine.postgresql.rows("SELECT to_regclass('later')") == []
    finally:
        machine.start_site()
    assert machine.manage(SHOW % ("bea", "bea")) == before


@pytest.mark.parametrize("name", ["backup", "restore", "rolling-restart"])
def test_a_script_without_arguments_says_how_it_is_used(name):
    done = subprocess.run([DEPLOY / name], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Usage: {DEPLOY / name} ")


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(tmp_path):
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "backups").mkdir()

    script("backup", tmp_path / "backups", environment, fails=True)

    assert list((tmp_path / "backups").iterdir()) == []


def test_the_first_process_that_does_not_come_back_ends_a_rolling_restart():
    environment = {"PATH": os.environ["PATH"], "RESTART": "true PORT", "READY_SECONDS": "1"}

    done = subprocess.run(
        [DEPLOY / "rolling-restart", "1", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "port 1 is not ready" in done.stderr
    assert "2: restarting" not in done.stdout


def test_as_python_sees_it_so_does_the_shell():
    """A password with every sign that a URL and a shell make something of."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": "/tmp",
        "DATABASE_URL": "postgres://ada:a%27%20%22%24b%2F%40@db.example.org:5433/chat?sslmode=require",
    }
    said = run(
        "bash",
        "-c",
        'eval "$(.venv/bin/python deploy/database.py)"; printf "%s\\n" "$PGPASSWORD" "$PGHOST" "$PGPORT"'
        ' "$PGUSER" "$PGDATABASE" "$PGSSLMODE"',
        cwd=DEPLOY.parent,
        env=environment,
    )

    assert said.splitlines() == ["a' \"$b/@", "db.example.org", "5433", "ada", "chat", "require"]
