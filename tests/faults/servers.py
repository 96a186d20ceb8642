"""A database and a Redis of a test's own, so that they can be broken. And a full disk."""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import redis

from tests.patience import PATIENCE
from tests.site import free_port

POSTGRESQL_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Server:
    """A process that can be ended as by a crash, and started again on the same files."""

    def __init__(self) -> None:
        self.port = free_port()
        # PostgreSQL refuses to run as root; the folder is then its own user's.
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_there(self) -> bool:
        raise NotImplementedError

    def user(self) -> str | None:
        return None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=log, stderr=log, user=self.user()
            )
        until = time.monotonic() + PATIENCE
        while not self.is_there():
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    def crash(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process
        self._process.send_signal(how)
        self._process.wait(PATIENCE)

    def remove(self) -> None:
        if self._process and self._process.poll() is None:
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Server):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]

    def is_there(self) -> bool:
        try:
            return bool(redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False


class Postgresql(Server):
    """Ended by SIGQUIT, it leaves as in a crash and recovers at its next start."""

    def __init__(self) -> None:
        super().__init__()
        if self.user():
            shutil.chown(self.folder, self.user())
        command = [POSTGRESQL_PROGRAMS[-1] / "initdb", "-D", self.folder / "cluster"]
        command += ["-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, user=self.user(), cwd=self.folder)

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        program = str(POSTGRESQL_PROGRAMS[-1] / "postgres")
        return [program, "-D", str(self.folder / "cluster"), "-p", str(self.port), *options]

    def is_there(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def crash(self, how: signal.Signals = signal.SIGQUIT) -> None:
        super().crash(how)


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else may write to this SQLite file."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


@contextlib.contextmanager
def no_room(pid: int, byte: int = 4096) -> Iterator[None]:
    """A process that cannot write past so many bytes of any file, as on a full disk."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (byte, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


class SmallDisk:
    """A disk of its own that is full whenever a test says so; where this machine lets us mount."""

    def __init__(self, folder: Path, megabytes: int = 32) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        done = subprocess.run(mount, check=False, capture_output=True)
        self.is_there = done.returncode == 0

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        ballast = self.folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
        ballast.unlink()

    def remove(self) -> None:
        if self.is_there:
            subprocess.run(["umount", "-l", str(self.folder)], check=False)
