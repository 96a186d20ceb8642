"""A way to a server that a test may cut, or on which nothing moves any more."""

import contextlib
import select
import socket
import threading
import urllib.parse
import uuid
from collections.abc import Iterator

import psycopg


class Wire:
    """Connect to `port` instead. `is_cut`: connections break, new ones too; `is_still`: they
    stand, and what is sent waits."""

    url = ""  # of what is behind it, over this wire

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.is_cut, self.is_still = threading.Event(), threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.is_cut.set()
        self._door.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                came, _ = self._door.accept()
                if self.is_cut.is_set():
                    came.close()
                else:
                    threading.Thread(target=self._carry, args=[came], daemon=True).start()

    def _carry(self, came: socket.socket) -> None:
        with came, socket.create_connection(self.target) as gone, contextlib.suppress(OSError):
            while not self.is_cut.is_set():
                for ready in select.select([came, gone], [], [], 0.05)[0]:
                    while self.is_still.is_set() and not self.is_cut.wait(0.05):
                        pass
                    if self.is_cut.is_set() or not (some := ready.recv(65_536)):
                        return
                    (gone if ready is came else came).sendall(some)


@contextlib.contextmanager
def own_database(server_url: str) -> Iterator[Wire]:
    """A wire to a new database of this PostgreSQL, which is dropped at the end."""
    parts = urllib.parse.urlsplit(server_url)
    name = f"chatsite_{uuid.uuid4().hex}"
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    login = parts.netloc.rpartition("@")[0]
    there = parts._replace(netloc=f"{login}@127.0.0.1:{wire.port}", path=f"/{name}")
    wire.url = there.geturl()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield wire
        finally:
            wire.close()
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
