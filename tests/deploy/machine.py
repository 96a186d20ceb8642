"""The parts that a site stands on, each the real program, started on a port of this test's own.

They run as `docs/deployment.md` sets them up, with the files of `deploy/`; only ports and folders
are others.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.patience import PATIENCE
from tests.site import ROOT, free_port

DEPLOY = ROOT / "deploy"
# What Debian keeps out of an ordinary user's PATH.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def postgresql_folder() -> Path | None:
    """Where Debian puts the server's programs, the newest version's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda each: each.parts)
    return found[-1].parent if found else None


def missing_parts() -> str:
    """What this machine has not got, by name."""
    programs = {"nginx": "nginx", "redis-server": "Redis", "openssl": "OpenSSL", "curl": "curl"}
    missing = [name for program, name in programs.items() if not shutil.which(program, path=PATH)]
    return ", ".join(missing + ([] if postgresql_folder() else ["PostgreSQL"]))


def wait_for(is_so, what: str, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


def run(*command: object, **options) -> str:
    """What it prints; it must end well."""
    done = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class PostgreSQL:
    """A cluster of its own, which a test may stop; it refuses to be root's."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = (
            f"postgres://chatsite:secret%21@127.0.0.1:{self.port}/chatsite"
            # Shorter than in life, so that the test is.
            "?options=-c%20idle_in_transaction_session_timeout%3D3s"
        )
        self._folder = folder
        self._programs = postgresql_folder()
        self._as_user = []
        if os.getuid() == 0:
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        folder.mkdir()
        if self._as_user:
            shutil.chown(folder, "postgres", "postgres")
        self._call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        hba = folder / "data" / "pg_hba.conf"
        # As Debian has it: over TCP a password is asked for.
        hba.write_text(
            "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
        )
        self.start()
        self.as_owner("CREATE ROLE chatsite LOGIN PASSWORD 'secret!'")
        self.as_owner("CREATE DATABASE chatsite OWNER chatsite")

    def _call(self, program: str, *arguments: str) -> None:
        # Not a pipe: the server inherits it and would hold it open.
        with (self._folder.parent / "postgresql.log").open("ab") as log:
            subprocess.run(
                [*self._as_user, self._programs / program, "-D", self._folder / "data", *arguments],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                check=True,
            )

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._call("pg_ctl", "-w", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is a crash: nothing is written back, every connection is cut."""
        self._call("pg_ctl", "-w", "-m", how, "stop")

    def as_owner(self, statement: str, database: str = "postgres") -> str:
        """What the machine's administrator types; rows as lines."""
        return run(
            *("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self._folder, "-p", self.port),
            *("-U", "postgres", "-d", database, "-c", statement),
        ).strip()

    def rows(self, query: str) -> list[list[str]]:
        lines = self.as_owner(query, "chatsite").splitlines()
        return [line.split("|") for line in lines]


class Redis:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._log = folder / "redis.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
                stdout=log,
                cwd=self._log.parent,
            )
        wait_for(
            lambda: "PONG" in subprocess.getoutput(f"redis-cli -p {self.port} ping"), "Redis' start"
        )

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(how)
        self._process.wait(PATIENCE)


class Unit:
    """One process of the site, kept as `chatsite@.service` keeps it: however it ends, it is started
    again, until it is told to stop."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.exits: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"chatsite-{self.port}.log"
        self.pid_file = folder / f"chatsite-{self.port}.pid"
        self._environment = environment | {"HOST": "127.0.0.1", "PORT": str(self.port)}
        self._is_wanted = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._is_wanted = True
        self.exits.clear()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while self._is_wanted:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [ROOT / "bin" / "serve"],
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    umask=0o077,
                )
            self.pid_file.write_text(str(self.process.pid))
            self.exits.append(self.process.wait())
            time.sleep(0.2)

    def send(self, how: signal.Signals) -> None:
        self.process.send_signal(how)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def figure(self, name: str, token: str) -> float:
        """One of its own, as Prometheus reads it."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/metrics",
            headers={"Authorization": f"Bearer {token}", "X-Forwarded-Proto": "https"},
        )
        figures = urllib.request.urlopen(request, timeout=PATIENCE).read().decode()
        return float(re.search(rf"^{name} (\S+)$", figures, re.MULTILINE)[1])

    def stop(self) -> None:
        self._is_wanted = False
        if self._thread is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        self._thread.join(30)
        if self._thread.is_alive():
            self.send(signal.SIGKILL)
            self._thread.join()


class Nginx:
    """With `deploy/nginx.conf`, word for word but for ports and folders."""

    def __init__(self, folder: Path, static: Path, ports: list[int]) -> None:
        self.port, self.plain_port = free_port(), free_port()
        self._folder, self._static, self._ports = folder, static, ports
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=chat.example.org", "-keyout", "privkey.pem", "-out", "fullchain.pem"),
            cwd=folder,
        )
        self.write()

    def write(self, is_hashed: bool = True) -> None:
        site = (DEPLOY / "nginx.conf").read_text()
        changes = {
            "listen [::]:80;": "",
            "listen [::]:443 ssl http2;": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "/etc/letsencrypt/live/chat.example.org/": f"{self._folder}/",
            "/var/www/html": str(self._folder),
            "/var/lib/chatsite": str(self._static),
            # Shorter than in life, so that the test is.
            "fail_timeout=10s": "fail_timeout=4s",
            "proxy_read_timeout 30s": "proxy_read_timeout 10s",
        }
        if not is_hashed:
            changes["hash $chat consistent;"] = ""
        for number, port in enumerate(self._ports, 8001):
            changes[f"127.0.0.1:{number} "] = f"127.0.0.1:{port} "
        if len(self._ports) == 2:
            changes["server 127.0.0.1:8003 max_fails=2 fail_timeout=4s;"] = ""
        for old, new in changes.items():
            assert old in site, f"deploy/nginx.conf has no {old!r}"
            site = site.replace(old, new)
        (self._folder / "site.conf").write_text(site)
        (self._folder / "nginx.conf").write_text(self._around())

    def _around(self) -> str:
        """As much as the site's file needs of Debian's nginx.conf."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in kinds)
        return f"""
{"user www-data;" if os.getuid() == 0 else ""}
worker_processes 2;
daemon off;
pid {self._folder}/pid;
error_log {self._folder}/error.log;
events {{ worker_connections 768; }}
http {{ {folders} include /etc/nginx/mime.types; include {self._folder}/site.conf; }}
"""

    def _command(self, *more: str) -> list[str]:
        at = ["-p", str(self._folder), "-c", f"{self._folder}/nginx.conf"]
        program = shutil.which("nginx", path=PATH)
        assert program
        return [program, *at, "-e", f"{self._folder}/error.log", *more]

    def check(self) -> None:
        run(*self._command("-t"))

    def start(self) -> None:
        self.check()
        self._process = subprocess.Popen(self._command(), start_new_session=True)
        wait_for(self._is_there, "nginx's start")

    def _is_there(self) -> bool:
        answer = ["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{self.plain_port}/"]
        return subprocess.run(answer, check=False).returncode == 0

    def reload(self) -> None:
        run(*self._command("-s", "reload"))

    def kill(self) -> None:
        """Master and workers at once, as a crash of the machine's part would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)
