"""A serving process that is quick to start, beside others on the same database where one wants."""

import os
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.site import ROOT, Site

PYTHON = ROOT / ".venv/bin/python"
PEOPLE = ("ada", "bob", "cem", "dea")
# Time settings at a tenth, but for the one that a busy machine would meet by its stalls.
TENTH = {
    "FLUSH_SECONDS": "0.05",
    "BEAT_SECONDS": "0.3",
    "TAKEOVER_SECONDS": "6",
    "FRAME_SECONDS": "0.02",
}
# Limits that no test meets by chance.
ROOMY = {
    "MAX_MESSAGES_PER_MINUTE": "100000",
    "MAX_ANSWERS_PER_PERSON": "1000",
    "MAX_QUEUED_PER_PERSON": "1000",
    "RETRY_SECONDS": "0",
    "OPENAI_API_KEY": "sk-test-0123456789abcdefghij",
    "DEFAULT_MODEL": "gpt-4o-mini",
}


class Serving(Site):
    """One process of a site. The first one is `prepared`, the others stand `beside` it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, **{**TENTH, **ROOMY, **environment})

    def prepared(self) -> "Serving":
        """Set the database up, with its people."""
        self.folder.mkdir(parents=True, exist_ok=True)
        run = {"cwd": ROOT, "env": self.environment, "check": True, "capture_output": True}
        subprocess.run([PYTHON, "manage.py", "prepare"], **run)
        self.manage(
            "from django.contrib.auth.models import User\n"
            f"for name in {PEOPLE!r}: User.objects.create_user(name, password={PASSWORD!r})"
        )
        return self

    def beside(self, **environment: str) -> "Serving":
        """Another process on the same database and folder."""
        mine = {name: value for name, value in self.environment.items() if name != "PORT"}
        return Serving(self.folder, **{**mine, **environment})

    def start(self) -> "Serving":
        self.launch()
        self._wait_until_ready()
        return self

    def launch(self) -> "Serving":
        """Begin to start, without waiting."""
        with (self.folder / "log").open("ab") as log:
            command = [PYTHON, "-m", "daphne", "--verbosity", "0", "--bind", "127.0.0.1"]
            command += ["--port", str(self.port), "--websocket_timeout", "-1"]
            command += ["--application-close-timeout", "5", "chatsite.asgi:application"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        return self

    def wait(self) -> "Serving":
        self._wait_until_ready()
        return self

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def kill(self) -> float:
        """`kill -9`; the moment at which nothing of it runs any more."""
        assert self.process
        self.process.kill()
        self.process.wait(PATIENCE)
        return time.monotonic()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def gone(self) -> None:
        """However it stands: it ends here."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    @property
    def peak_memory(self) -> float:
        """The most that it ever held in memory, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """By the database's own client, past the site. Ids come as UUIDs in text."""
        url = self.environment.get("DATABASE_URL", "")
        if not url.startswith("postgres"):
            # SQLite keeps them without hyphens.
            plain = (value.hex if isinstance(value, uuid.UUID) else value for value in values)
            return super().rows(query, *plain)
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as database:
            return database.execute(query.replace("?", "%s"), values).fetchall()
