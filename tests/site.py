"""A site as it runs: bin/serve in a process of its own, with a data folder of its own."""

import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """Below those that the system gives to whoever asks for any, so that it stays free."""
    while True:
        port = random.SystemRandom().randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Site:
    """Start it, kill it, start it again on the same data and the same port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/root"),
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            # What fails has failed, and a test may send as much as it likes.
            "RETRY_SECONDS": "0",
            "MAX_MESSAGES_PER_MINUTE": "1000",
            "MAX_ANSWERS_PER_PERSON": "100",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> "Site":
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [ROOT / "bin" / "serve"], env=self.environment, stdout=log, stderr=log
            )
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, self.log
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise AssertionError(f"the site did not start:\n{self.log}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def manage(self, code: str) -> str:
        """What a piece of Python prints in this site's shell."""
        return subprocess.run(
            [ROOT / ".venv/bin/python", "manage.py", "shell", "-v0", "-c", code],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def audit(self) -> list[str]:
        """What does not add up in its ledger, at whatever moment."""
        audited = subprocess.run(
            [ROOT / ".venv/bin/python", "manage.py", "audit_ledger", "--most", "1000"],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert audited.returncode in {0, 1}, audited.stderr
        return audited.stderr.splitlines() if audited.returncode else []

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / "chatsite.sqlite3") as database:
            return database.execute(query, values).fetchall()
