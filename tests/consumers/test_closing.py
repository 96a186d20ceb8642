"""A socket that is closing refuses what it is sent; that is not worth an error in the log."""

import logging

import pytest
from autobahn.exception import Disconnected

from conversations.turns.sharing import broadcasts
from tests.consumers.kit import next_of, opened, socket


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.DEBUG, logger="conversations")
    return lambda: [(each.levelname, each.getMessage()) for each in caplog.records]


async def closing(client, conversation, error):
    """One that refuses as Daphne does between the close and its acknowledgement."""
    page = socket(client, conversation.pk)
    application = page.application

    async def refusing(scope, receive, send):
        async def refuse(message):
            if message["type"] == "websocket.send":
                raise error
            await send(message)

        await application(scope, receive, refuse)

    page.application = refusing
    assert (await page.connect())[0]
    return page


async def change(conversation, number):
    await broadcasts.tell_here(conversation.pk, broadcasts.ThreadChanged(number))


async def test_it_is_passed_over_without_an_error(conversation, alices_client, said):
    page = await closing(alices_client, conversation, Disconnected("closed"))
    other = await opened(alices_client, conversation.pk)

    await change(conversation, 1)
    await change(conversation, 2)

    assert [(await next_of(other, "thread"))["changes"] for _ in range(2)] == [1, 2]
    assert said() == [("DEBUG", f"a reader of {conversation.pk} was gone already")]
    await page.disconnect()
    await other.disconnect()


async def test_anything_else_is_an_error_that_the_log_has(conversation, alices_client, said):
    page = await closing(alices_client, conversation, RuntimeError("of our own"))

    await change(conversation, 1)

    assert said() == [("ERROR", f"a reader of {conversation.pk} could not be told")]
    await page.disconnect()


async def test_what_it_reports_meanwhile_harms_nobody(conversation, alices_client, said):
    page = await closing(alices_client, conversation, Disconnected("closed"))

    await page.send_to('{"show": {}}')
    await page.disconnect()

    assert [level for level, _ in said()] == ["DEBUG"]
