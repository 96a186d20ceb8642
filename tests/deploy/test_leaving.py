"""A process that is told to stop: nothing new comes in, what runs ends well, pages go elsewhere."""

import signal
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.client.person import Answer, Person
from tests.client.websocket import Closed, WebSocket
from tests.deploy.machine import wait_for
from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.site import Site
from tests.upstream_server import Gate, UpstreamServer, answer, content, done, finish, role_chunk

pytestmark = pytest.mark.sqlite  # has its own database: once is enough

SETUP = f"""
from django.contrib.auth.models import User
from conversations.models import Conversation
ada = User.objects.create_user("ada", password={PASSWORD!r})
print(Conversation.objects.create(owner=ada, title="Tea", model="gpt-4o-mini").pk)
"""
RESTARTING = 4012


class Visit:
    """One person, one conversation, on a site of one process with SQLite."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.conversation = uuid.UUID(site.manage(SETUP).strip())
        self.person = Person(site, "ada")
        # Its connections stay open between requests, as a browser's do.
        self.client = httpx2.Client(
            base_url=site.url, timeout=30, headers=self.person.headers_for(site)
        )

    def send(self) -> Answer:
        return self.person.send(self.conversation, "Hi", None)

    def start(self, client_id: uuid.UUID) -> int | None:
        """The status of a new conversation's first message; None where nobody answers."""
        first = {"text": "Hi", "client_id": str(client_id), "model": "gpt-4o-mini"}
        try:
            return self.client.post("/c/", data=first).status_code
        except httpx2.HTTPError:
            return None

    @property
    def answers(self) -> list[tuple[object, ...]]:
        return self.site.rows(
            "SELECT status, text FROM conversations_message WHERE role = 'assistant'"
            " ORDER BY created_at"
        )

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.site.port)) == 0


@pytest.fixture
def provider():
    with UpstreamServer() as server:
        yield server


@pytest.fixture
def begin(provider, tmp_path):
    """Start a site with these settings, and go there."""
    visits = []

    def begin(**environment: str) -> Visit:
        site = Site(
            tmp_path,
            OPENAI_BASE_URL=provider.base_url,
            DEFAULT_MODEL="gpt-4o-mini",
            FLUSH_SECONDS="0.1",
            **environment,
        )
        visits.append(Visit(site.start()))
        return visits[-1]

    yield begin
    for visit in visits:
        if visit.site.process.poll() is None:
            visit.site.end(signal.SIGKILL)


def half_an_answer(provider) -> Gate:
    gate = Gate()
    provider.play(role_chunk(), content("one "), gate, content("two"), finish(), done())
    return gate


def read_until_closed(visit: Visit, then) -> int:
    """The code with which an open page's socket is closed after `then` was called."""
    opened = WebSocket(visit.site, f"/ws/c/{visit.conversation}/", visit.person.cookie)
    opened.say({"show": {}})
    assert opened.hear(PATIENCE)
    then()
    try:
        while opened.hear(PATIENCE):
            pass
    except Closed as closed:
        return closed.code
    raise AssertionError("nothing more was said, and the socket stayed open")


def test_without_a_grace_period_an_answer_is_stored_and_marked(begin, provider):
    half_an_answer(provider)
    visit = begin()
    visit.send()
    wait_for(lambda: visit.answers == [("streaming", "one ")], "half an answer")

    assert visit.site.end() == 0

    assert visit.answers == [("interrupted", "one ")]


def test_in_the_grace_period_an_answer_goes_on_and_its_page_elsewhere(begin, provider):
    gate = half_an_answer(provider)
    visit = begin(GRACE_SECONDS="300")
    visit.send()
    wait_for(lambda: visit.answers == [("streaming", "one ")], "half an answer")

    code = read_until_closed(visit, lambda: visit.site.process.send_signal(signal.SIGTERM))

    assert code == RESTARTING
    assert not visit.is_listening()
    assert visit.answers == [("streaming", "one ")]
    gate.open()
    # Long before the 300 s are over: there is nothing left to wait for.
    assert visit.site.process.wait(PATIENCE) == 0
    assert visit.answers == [("complete", "one two")]


def test_a_second_signal_ends_the_grace_period(begin, provider):
    half_an_answer(provider)
    visit = begin(GRACE_SECONDS="300")
    visit.send()
    wait_for(lambda: visit.answers == [("streaming", "one ")], "half an answer")
    visit.site.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not visit.is_listening(), "the end of listening")

    assert visit.site.end(signal.SIGINT) == 0

    assert visit.answers == [("interrupted", "one ")]


def test_a_request_that_is_being_answered_ends_well(begin, provider):
    """A slow provider's list of models holds the request; the signal comes meanwhile."""
    gate = Gate()
    listed = provider.models
    provider.models = lambda request: [gate, *listed]
    visit = begin(SHUTDOWN_SECONDS="60")

    with ThreadPoolExecutor() as others:
        asking = others.submit(visit.client.get, "/models/")
        gate.wait_until_reached()
        visit.site.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not visit.is_listening(), "the end of listening")
        # Long enough for a process that would not wait to be gone.
        time.sleep(1.5)
        gate.open()

    assert asking.result().status_code == 200
    # Its next request goes to another process.
    assert asking.result().headers["connection"] == "close"
    assert visit.site.process.wait(PATIENCE) == 0


def test_a_message_sent_just_then_is_kept_and_answered_by_the_next_process(begin, provider):
    """Every 202 is kept, whatever the moment at which the signal came."""
    provider.default = answer("Well", pause_seconds=0.01)
    visit = begin(MAX_MESSAGES_PER_MINUTE="10000", MAX_ANSWERS_PER_PERSON="100")
    accepted = set()

    def send_until_refused() -> None:
        client_id = uuid.uuid4()
        while (status := visit.start(client_id)) is not None:
            if status == 202:
                accepted.add(client_id)
            client_id = uuid.uuid4()

    with ThreadPoolExecutor() as sides:
        for _ in range(3):
            sides.submit(send_until_refused)
        wait_for(lambda: len(accepted) >= 10, "ten messages")
        visit.site.process.send_signal(signal.SIGTERM)
    assert visit.site.process.wait(PATIENCE) == 0
    stored = visit.site.rows("SELECT client_id FROM conversations_message WHERE role = 'user'")
    assert accepted <= {uuid.UUID(each) for (each,) in stored}

    visit.site.start()

    def everything_has_ended() -> bool:
        return all(status in {"complete", "interrupted"} for status, _ in visit.answers)

    wait_for(everything_has_ended, "the ending of all answers")
    assert len(visit.answers) == len(stored)
    visit.site.end()
