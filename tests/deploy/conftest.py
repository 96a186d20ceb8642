"""A whole site on one machine: nginx, two processes, PostgreSQL and Redis, all of this run's own."""

import shutil
import subprocess
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.client.address import Front
from tests.client.person import Person
from tests.deploy.machine import PATH, Nginx, PostgreSQL, Redis, Unit, wait_for
from tests.site import ROOT
from tests.upstream_server import UpstreamServer

PROCESSES = 2
METRICS_TOKEN = "for-this-test-alone"
HOST = "chat.example.org"
# Of the site: shorter than in life, so that the test is.
TIMES = {
    "BEAT_SECONDS": "0.4",
    "TAKEOVER_SECONDS": "5",
    "FLUSH_SECONDS": "0.3",
    "GRACE_SECONDS": "5",
    "SHUTDOWN_SECONDS": "4",
    "QUEUE_SECONDS": "600",
    "MAX_MESSAGES_PER_MINUTE": "1000",
    "MAX_ANSWERS_PER_PERSON": "50",
}

BEGIN = """
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from conversations.models import Conversation
person = User.objects.create_user({name!r})
session = SessionStore()
session[auth.SESSION_KEY] = str(person.pk)
session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[auth.HASH_SESSION_KEY] = person.get_session_auth_hash()
session.save()
print(session.session_key)
for _ in range({many}):
    print(Conversation.objects.create(owner=person, title="Tea", model="gpt-4o-mini").pk)
"""


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared = folder / "chatsite"
        self.shared.mkdir(mode=0o711)  # StateDirectoryMode of the unit
        self.provider = UpstreamServer().start()
        with ThreadPoolExecutor() as pool:
            database = pool.submit(PostgreSQL, folder / "postgresql")
            layer = pool.submit(Redis, folder)
            self.postgresql, self.redis = database.result(), layer.result()
        self.environment = {
            "PATH": PATH,
            "DATA_DIR": str(self.shared),
            "PUBLIC_URL": f"https://{HOST}",
            "DATABASE_URL": self.postgresql.url,
            "REDIS_URL": self.redis.url,
            "OPENAI_BASE_URL": self.provider.base_url,
            "DEFAULT_MODEL": "gpt-4o-mini",
            "METRICS_TOKEN": METRICS_TOKEN,
            **TIMES,
        }
        self.units = [Unit(folder, self.environment) for _ in range(PROCESSES)]
        self.nginx = Nginx(folder / "nginx", self.shared, [each.port for each in self.units])

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.nginx.port}"

    def start(self) -> "Machine":
        self.nginx.start()
        self.start_site()
        return self

    def start_site(self) -> None:
        """All at once, on an empty database: `prepare` lets one do the work."""
        for unit in self.units:
            unit.start()
        wait_for(self.is_ready, "the start of all processes")
        assert [unit.exits for unit in self.units] == [[]] * PROCESSES, self.logs()

    def stop_site(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Unit.stop, self.units))

    def is_ready(self) -> bool:
        return all(each.is_ready() for each in self.units)

    def busiest(self) -> Unit:
        """The process that writes most answers just now, by its own figures."""
        return max(
            self.units, key=lambda each: each.figure("chatsite_answers_running", METRICS_TOKEN)
        )

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

    def begin_chats(self, name: str, many: int) -> tuple[list[Person], list[uuid.UUID]]:
        """So many conversations of one person, who opens each in a browser of its own. Passwords
        take a busy machine too long."""
        session, *chats = self.manage(BEGIN.format(name=name, many=many)).split()
        front = Front(self.nginx.port, f"https://{HOST}")
        return [Person(front, name, session) for _ in chats], [uuid.UUID(chat) for chat in chats]

    def logs(self) -> str:
        return "".join(f"== {each.name}\n{each.read_text()}" for each in self.folder.rglob("*.log"))

    def stop(self) -> None:
        self.stop_site()
        self.nginx.stop()
        self.provider.stop()
        self.redis.stop()
        self.postgresql.stop()


@pytest.fixture(scope="session")
def machine():
    # Not below pytest's own folder, which is closed to the users of PostgreSQL and nginx.
    folder = Path(tempfile.mkdtemp(prefix="chatsite-"))
    folder.chmod(0o755)
    machine = Machine(folder)
    try:
        yield machine.start()
    finally:
        machine.stop()
        shutil.rmtree(folder)
