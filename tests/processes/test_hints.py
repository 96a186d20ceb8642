"""Hints over a Redis that comes and goes, in this process; the other one is played by hand."""

import asyncio
import logging
import signal
import time

import pytest
from channels.layers import channel_layers

from conversations.turns import tasks
from conversations.turns.sharing import others
from tests.turns_kit import until

pytestmark = pytest.mark.sqlite  # the database has nothing to do with it


@pytest.fixture
async def hints(settings, redis_server):
    """Everything of one kind that this process hears."""
    settings.REDIS_URL = redis_server.url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": redis_server.url, "socket_timeout": None}]},
        }
    }
    heard = []

    async def hear(fields):
        heard.append(fields["word"])

    others.listen("word", hear)
    before = set(tasks.owned())
    others.start()
    await until(others.channel)
    yield heard
    others.stop()
    for task in set(tasks.owned()) - before:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Other:
    """Another process: it says words, over a connection of its own."""

    async def say(self, word, channel=""):
        hint = {"type": "hint", "from": "another", "kind": "word", "fields": {"word": word}}
        layer = channel_layers.make_backend("default")
        try:
            if channel:
                await layer.send(channel, hint)
            else:
                await layer.group_send(others.GROUP, hint)
        finally:
            await layer.flush()


async def test_what_another_process_says_is_heard(hints):
    await Other().say("to all")
    await Other().say("to this one", others.channel())

    await until(lambda: len(hints) == 2)
    assert hints == ["to all", "to this one"]


async def test_a_process_does_not_hear_itself(hints):
    await others.say("word", word="mine")
    await Other().say("its own")

    await until(lambda: hints)
    assert hints == ["its own"]


async def test_a_hint_that_cannot_be_followed_ends_nothing(hints):
    await Other().say(None)
    others.listen("word", others._handlers["word"])
    layer = channel_layers.make_backend("default")
    broken = {"type": "hint", "from": "another", "kind": "word", "fields": {}}
    await layer.group_send(others.GROUP, broken)
    await layer.flush()
    await Other().say("after it")

    await until(lambda: "after it" in hints)


async def test_redis_is_killed_and_comes_back(hints, redis_server, caplog):
    caplog.set_level(logging.INFO, "conversations.turns.sharing.others")
    redis_server.kill()
    await until(lambda: not others.channel())
    await asyncio.sleep(1)
    redis_server.start()
    await until(others.channel)
    await Other().say("here again")
    await until(lambda: hints)

    told = [record.message for record in caplog.records if record.name.endswith("others")]
    # Once an outage; a stall may be one more.
    lost = [each.startswith("no hints reach other processes") for each in told]
    assert told
    assert lost == [True, False] * (len(told) // 2)
    assert told[-1] == "hints reach other processes again"


async def test_a_redis_that_hangs_holds_nobody_up(hints, redis_server):
    redis_server.signal(signal.SIGSTOP)
    try:
        began = time.process_time()
        for number in range(5_000):
            await others.say("word", word=str(number))
        await until(lambda: not others.channel())

        assert others._post._to_send.qsize() <= others.MOST_TO_SEND
        assert time.process_time() - began < 5
    finally:
        redis_server.signal(signal.SIGCONT)
    await until(others.channel)
    await Other().say("here again")
    await until(lambda: "here again" in hints)


async def test_a_layer_that_carries_nothing_is_noticed(hints, redis_server):
    channel = others.channel()
    layer = channel_layers.make_backend("default")

    # As if this process had been unsubscribed behind its back.
    await others._post._layer.group_discard(others.GROUP, channel)

    await until(lambda: others.channel() not in ("", channel))
    await Other().say("heard anew")
    await until(lambda: "heard anew" in hints)
    await layer.flush()


async def test_without_redis_nothing_is_said(settings):
    settings.REDIS_URL = ""
    others.start()

    await others.say("word", word="nobody")

    assert others.channel() == ""
