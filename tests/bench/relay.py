"""What a site takes to pass answers on, against a client that only reads them.

The same provider plays the same answers to both: first to a bare reader of its stream, then to
a site, with a reader on a socket for each conversation. Printed are CPU seconds of each per
1,000 chunks, time to the first frame, and the site's memory.
"""

import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
import uuid
from pathlib import Path

import httpx2
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

from tests.site import Site
from tests.upstream_server import UpstreamServer, answer

PASSWORD = "correct horse battery staple"
CHUNKS = 200
PAUSE_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")
SETUP = f"""
from django.contrib.auth.models import User
from conversations.models import Conversation
ada = User.objects.create_superuser("ada", password={PASSWORD!r})
for _ in range(100):
    print(Conversation.objects.create(owner=ada, title="Bench", model="gpt-4o-mini").pk)
"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """Resident MiB."""
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1]) // 1024


class Reader(WebSocketClientProtocol):
    """A page's socket: notes when the first frame came, and waits for the ended turn."""

    def onOpen(self):
        self.factory.opened.set_result(self)

    def onMessage(self, payload, isBinary):
        message = json.loads(payload)
        if message["type"] == "frame" and not self.factory.first.done():
            self.factory.first.set_result(time.monotonic())
        if message["type"] == "frame":
            self.sendMessage(json.dumps({"seen": {message["message"]: message["to"]}}).encode())
        if message["type"] == "turn" and not self.factory.ended.done():
            self.factory.ended.set_result(time.monotonic())


async def open_socket(site, conversation, cookie):
    loop = asyncio.get_running_loop()
    factory = WebSocketClientFactory(
        f"ws://127.0.0.1:{site.port}/ws/c/{conversation}/",
        origin=site.url,
        headers={"Cookie": cookie},
    )
    factory.protocol = Reader
    factory.opened, factory.first, factory.ended = (loop.create_future() for _ in range(3))
    await loop.create_connection(factory, "127.0.0.1", site.port)
    await factory.opened
    return factory


async def read_bare(client, url):
    body = {"model": "x", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
        async for _ in response.aiter_lines():
            pass


async def bare(url, many):
    began = resource.getrusage(resource.RUSAGE_SELF)
    async with httpx2.AsyncClient(timeout=60) as client:
        await asyncio.gather(*(read_bare(client, url) for _ in range(many)))
    ended = resource.getrusage(resource.RUSAGE_SELF)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


async def one_turn(client, site, factory, conversation, parents):
    fields = {
        "text": "Hi",
        "client_id": str(uuid.uuid4()),
        "parent": parents.get(conversation, ""),
    }
    began = time.monotonic()
    answer = await client.post(f"/c/{conversation}/messages/", data=fields)
    assert answer.status_code == 202, answer.text
    first = await asyncio.wait_for(factory.first, 60)
    await asyncio.wait_for(factory.ended, 60)
    return first - began


async def through_site(site, conversations):
    async with httpx2.AsyncClient(base_url=site.url, timeout=60) as client:
        await client.get("/login/")
        headers = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": site.url}
        await client.post(
            "/login/", data={"username": "ada", "password": PASSWORD}, headers=headers
        )
        client.headers.update(headers | {"X-CSRFToken": client.cookies["csrftoken"]})
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        sockets = [await open_socket(site, each, cookie) for each in conversations]
        before = cpu_seconds(site.process.pid)
        waits = await asyncio.gather(
            *(
                one_turn(client, site, socket, each, {})
                for socket, each in zip(sockets, conversations, strict=True)
            )
        )
        spent = cpu_seconds(site.process.pid) - before
        for socket in sockets:
            (await socket.opened).sendClose()
    return spent, statistics.median(waits), max(waits)


def main() -> None:
    with UpstreamServer() as upstream, tempfile.TemporaryDirectory() as folder:
        text = "word " * CHUNKS
        upstream.play(*answer(text, pause_seconds=PAUSE_SECONDS), times=None)
        site = Site(
            Path(folder), OPENAI_BASE_URL=upstream.base_url, DEFAULT_MODEL="gpt-4o-mini"
        ).start()
        try:
            conversations = site.manage(SETUP).split()
            print(f"idle site: {memory(site.process.pid)} MiB")
            for many in (1, 20, 79):
                chosen, conversations = conversations[:many], conversations[many:]
                reference = asyncio.run(bare(upstream.base_url, many))
                spent, median, slowest = asyncio.run(through_site(site, chosen))
                thousands = many * CHUNKS / 1000
                print(
                    f"{many:3} at once: site {spent / thousands:.2f} CPU s per 1,000 chunks"
                    f" (bare reader, with the provider's thread: {reference / thousands:.2f});"
                    f" first frame {median * 1000:.0f} ms (median), {slowest * 1000:.0f} ms (slowest);"
                    f" {memory(site.process.pid)} MiB"
                )
        finally:
            site.end()


if __name__ == "__main__":
    main()
