"""A page's socket, through the whole stack that the server mounts."""

import asyncio
import json

from channels.testing import WebsocketCommunicator

from chatsite.asgi import sockets
from tests.patience import PATIENCE

ORIGIN = (b"origin", b"http://localhost")


class Page(WebsocketCommunicator):
    """Its own waits end after a second."""

    async def connect(self, timeout=PATIENCE):  # noqa: ASYNC109 - the library's name
        return await super().connect(timeout)

    async def receive_from(self, timeout=PATIENCE):  # noqa: ASYNC109 - the library's name
        return await super().receive_from(timeout)

    async def disconnect(self, code=1000, timeout=PATIENCE):  # noqa: ASYNC109 - the library's name
        await super().disconnect(code, timeout)


def socket(client, conversation_id, *, origin=ORIGIN, path="/ws/c/{}/"):
    cookie = "; ".join(f"{name}={each.value}" for name, each in client.cookies.items())
    headers = [origin, (b"cookie", cookie.encode()), (b"host", b"localhost")]
    return Page(sockets, path.format(conversation_id), headers=headers)


async def opened(client, conversation_id):
    found = socket(client, conversation_id)
    assert (await found.connect())[0]
    return found


async def next_of(found, kind, seconds=PATIENCE):
    """The next message of a kind; what comes before it is passed over."""
    async with asyncio.timeout(seconds):
        while True:
            message = json.loads(await found.receive_from(seconds))
            if message["type"] == kind:
                return message


async def close_code(found):
    message = await found.receive_output(PATIENCE)
    assert message["type"] == "websocket.close"
    return message["code"]
