"""Fixtures and helpers for tests in which answers run."""

import asyncio
import uuid

import pytest

from chatsite.asgi import sockets
from conversations import turns
from conversations import upstream as upstream_room
from conversations.models import Message
from conversations.turns import Wish, dispatch, tasks
from conversations.turns.sharing import broadcasts, live
from tests.patience import PATIENCE
from tests.people import make_conversation
from tests.upstream_server import Gate


@pytest.fixture(autouse=True)
async def no_runner_left(transactional_db, prices):
    """What a test starts ends with it, and before its tables are emptied.

    Runners have threads and connections of their own: a test's transaction would hide from them
    what it stores."""
    yield
    await turns.shutdown()
    await asyncio.gather(*tasks.owned(), return_exceptions=True)
    await upstream_room.close()
    # A socket's last query must not meet the emptying of the tables.
    for executor in sockets.executors:
        await asyncio.wrap_future(executor.submit(lambda: None))


@pytest.fixture
def quick(settings, monkeypatch):
    """Time at a tenth."""
    settings.BEAT_SECONDS = 0.1
    settings.FLUSH_SECONDS = 0.05
    settings.TAKEOVER_SECONDS = 1.5
    settings.FRAME_SECONDS = 0.005
    # Whoever sends waits for the first look at the line, however slow the machine.
    monkeypatch.setattr(dispatch, "PATIENCE", PATIENCE)


@pytest.fixture
def conversation(alice, upstream, quick):
    return make_conversation(alice)


async def send(conversation, text="Hello?", **more):
    await conversation.arefresh_from_db(fields=["current_leaf"])
    wish = Wish(text, more.pop("client_id", uuid.uuid4()), conversation.current_leaf_id)
    return await turns.send(conversation.owner, conversation, wish)


async def ended(answer: Message, seconds: float = PATIENCE) -> Message:
    """The answer once it has ended."""
    async with asyncio.timeout(seconds):
        while True:
            found = await Message.objects.prefetch_related("completions").aget(pk=answer.pk)
            if not found.is_running and not turns.shown(answer.conversation_id, answer.pk):
                return found
            await asyncio.sleep(0.01)


async def until(what, seconds: float = PATIENCE) -> None:
    """As soon as this holds."""
    async with asyncio.timeout(seconds):
        while True:
            if what():
                return
            await asyncio.sleep(0.005)


async def reached(gate: Gate) -> None:
    """Everything before the gate has been sent to us, read and shown."""
    await asyncio.to_thread(gate.wait_until_reached)
    await until(lambda: any(_has_shown(live.runner(each), gate.sent) for each in live.running()))


def _has_shown(run, characters):
    shown = run.shown.position + len(run.shown.reasoning)
    return shown == run.arrived.size and shown - run.pump._stood >= characters


class Watcher:
    """A reader that keeps every event."""

    def __init__(self, conversation):
        self.events = []
        self.conversation_id = conversation.pk
        broadcasts.subscribe(conversation.pk, self)

    async def tell(self, event):
        self.events.append(event)

    def frames(self):
        return [event for event in self.events if isinstance(event, broadcasts.FrameShown)]
