"""What a long chat costs: each step of a turn with 1,000 messages, beside one with 10.

Printed are medians in milliseconds, and how many times as long the long chat takes; all in one
run on one machine, so that only the ratios are worth comparing.
"""

import statistics
import tempfile
import time
import uuid
from pathlib import Path

import httpx2

from conversations.context import STRATEGIES
from tests.site import Site
from tests.upstream_server import UpstreamServer, answer

PASSWORD = "correct horse battery staple"
LENGTHS = (10, 1_000)  # messages
ROUNDS = 7
TEXT = "Which of these keeps longest, and how is it stored?"
SETUP = f"""
from django.contrib.auth.models import User
from conversations.models import Conversation, Message, Role
from conversations.rendering import RENDERER_VERSION, render
ada, _ = User.objects.get_or_create(username="ada", is_superuser=True, is_staff=True)
ada.set_password({PASSWORD!r})
ada.save()
for length in {LENGTHS}:
    talk = Conversation.objects.create(owner=ada, title="Bench", model="gpt-4o-mini", strategy=STRATEGY)
    above = None
    made = []
    for number in range(length):
        role = Role.ASSISTANT if number % 2 else Role.USER
        text = f"**Tea {{number}}** keeps for a while, " + "and it is stored cool and dry. " * 12
        above = Message(
            conversation=talk, owner=ada, parent=above, role=role, text=text, origin="typed",
            html=render(text) if number % 2 else "", html_version=RENDERER_VERSION,
        )
        made.append(above)
    Message.objects.bulk_create(made)
    talk.current_leaf = above
    talk.save()
    print(talk.pk)
"""


class Reader:
    """A browser without eyes."""

    def __init__(self, site: Site) -> None:
        self.client = httpx2.Client(base_url=site.url, timeout=60)
        self.client.get("/login/")
        self.client.headers.update(self._token(site))
        self.client.post("/login/", data={"username": "ada", "password": PASSWORD})
        self.client.headers.update(self._token(site))

    def _token(self, site: Site) -> dict[str, str]:
        return {"X-CSRFToken": self.client.cookies["csrftoken"], "Referer": site.url}

    def took(self, method: str, path: str, **fields: str) -> float:
        """Milliseconds of one request."""
        began = time.perf_counter()
        response = self.client.request(method, path, data=fields or None)
        spent = (time.perf_counter() - began) * 1000
        assert response.status_code in (200, 202), response.text
        return spent

    def size(self, path: str) -> int:
        return len(self.client.get(path).content)


def newest(site: Site, talk: str) -> str:
    """The id of where a chat ends."""
    query = "select current_leaf_id from conversations_conversation where id = ?"
    [[leaf]] = site.rows(query, talk.replace("-", ""))
    return str(uuid.UUID(str(leaf)))


def send(reader: Reader, site: Site, upstream: UpstreamServer, talk: str) -> tuple[float, float]:
    """Milliseconds until the page is answered, and until the provider has the request."""
    fields = {"text": TEXT, "client_id": str(uuid.uuid4()), "parent": newest(site, talk)}
    number = len(upstream.requests) + 1
    began = time.monotonic()
    spent = reader.took("POST", f"/c/{talk}/messages/", **fields)
    request = upstream.wait_for_request(number, 60)
    request.finished.wait(60)
    time.sleep(0.3)  # its ending
    return spent, (request.at - began) * 1000


def measure(
    reader: Reader, site: Site, upstream: UpstreamServer, talk: str
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"first estimate": [], "send": [], "until the provider": []}
    times["first estimate"].append(reader.took("POST", f"/c/{talk}/estimate/", text=TEXT))
    for _ in range(ROUNDS):
        answered, received = send(reader, site, upstream, talk)
        times["send"].append(answered)
        times["until the provider"].append(received)
    leaf = newest(site, talk)
    for name, method, path, fields in (
        ("estimate", "POST", f"/c/{talk}/estimate/", {"text": TEXT}),
        ("preview", "POST", f"/c/{talk}/preview/", {"text": TEXT}),
        ("drawer", "GET", f"/c/{talk}/messages/{leaf}/context/", {}),
        ("page", "GET", f"/c/{talk}/", {}),
    ):
        times[name] = [reader.took(method, path, **fields) for _ in range(ROUNDS)]
    return times


def report(strategy: str, short: dict[str, list[float]], long: dict[str, list[float]]) -> None:
    print(f"{strategy}: milliseconds with {LENGTHS[0]} and with {LENGTHS[1]:,} messages")
    for name in long:
        few, many = statistics.median(short[name]), statistics.median(long[name])
        print(f"  {name:20} {few:7.0f} {many:7.0f}   {many / few:.1f} times")


def main() -> None:
    with UpstreamServer() as upstream, tempfile.TemporaryDirectory() as folder:
        upstream.default = answer("Green tea keeps for a year.")
        site = Site(
            Path(folder), OPENAI_BASE_URL=upstream.base_url, DEFAULT_MODEL="gpt-4o-mini"
        ).start()
        try:
            for strategy in STRATEGIES:
                talks = site.manage(SETUP.replace("STRATEGY", repr(strategy))).split()[-2:]
                reader = Reader(site)
                short, long = (measure(reader, site, upstream, talk) for talk in talks)
                report(strategy, short, long)
                address = f"/c/{talks[1]}/messages/{newest(site, talks[1])}/context/"
                print(f"  the drawer's inside: {reader.size(address) // 1024:,} KiB")
        finally:
            site.end()


if __name__ == "__main__":
    main()
