"""A page that comes to a process learns what it has missed, and sees what others write."""

import json
import uuid

from asgiref.sync import sync_to_async
from django.test import Client

from conversations import backlog, turns
from conversations.models import Conversation, Message, Role, Status
from conversations.turns.sharing import broadcasts, mirror
from conversations.turns.sharing.lookout import Lookout
from tests.consumers.kit import close_code, next_of, opened
from tests.people import PASSWORD, say
from tests.turns_kit import ended, send, until


async def changed_elsewhere(conversation):
    return await sync_to_async(Conversation.objects.note_change)(conversation.pk)


async def test_what_happened_before_its_socket_was_open_is_told(conversation, alices_client):
    await changed_elsewhere(conversation)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {}, "changes": 0}))

    assert await next_of(page, "thread") == {"type": "thread", "changes": 0}
    await page.disconnect()


async def test_a_page_that_has_it_all_is_told_nothing(conversation, alices_client):
    changes = await changed_elsewhere(conversation)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {}, "changes": changes}))

    assert json.loads(await page.receive_from())["type"] == "here"
    assert await page.receive_nothing(0.2)
    await page.disconnect()


async def test_what_is_on_its_way_over_the_socket_is_not_told_again(
    conversation, alices_client, upstream
):
    page = await opened(alices_client, conversation.pk)
    await page.send_to(json.dumps({"show": {}, "changes": 0}))
    await next_of(page, "here")

    admitted = await send(conversation)
    await page.send_to(json.dumps({"seen": {}, "changes": 0}))
    await ended(admitted.answer)

    kinds = []
    while "turn" not in kinds:
        kinds.append(json.loads(await page.receive_from())["type"])
    while not await page.receive_nothing(0.2):
        kinds.append(json.loads(await page.receive_from())["type"])
    assert kinds.count("exchange") == 1
    assert kinds.count("turn") == 1
    assert "thread" not in kinds
    await page.disconnect()


async def test_each_packet_says_which_change_it_is(conversation, alices_client, upstream):
    page = await opened(alices_client, conversation.pk)

    await send(conversation)
    exchange, turn = await next_of(page, "exchange"), await next_of(page, "turn")
    await turns.tell_thread_changed(conversation.pk, await changed_elsewhere(conversation))
    thread = await next_of(page, "thread")

    assert [each["changes"] for each in (exchange, turn, thread)] == [1, 2, 3]
    await page.disconnect()


async def test_the_page_and_its_log_say_up_to_which_change_they_go(conversation, alices_client):
    changes = await changed_elsewhere(conversation)
    get = sync_to_async(alices_client.get)

    page, log = await get(f"/c/{conversation.pk}/"), await get(f"/c/{conversation.pk}/log/")

    assert f'id="exchanges" data-changes="{changes}"' in page.content.decode()
    assert log["Chat-Changes"] == str(changes)


async def test_an_answer_written_elsewhere_comes_whole_and_then_as_it_grows(
    conversation, alices_client, monkeypatch
):
    monkeypatch.setattr(mirror, "READ_SECONDS", 0.05)
    running = {"status": Status.STREAMING, "run": uuid.uuid4(), "reasoning": "Well"}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "So far", **running)
    page = await opened(alices_client, conversation.pk)

    await Lookout().look()
    whole = await next_of(page, "frame")
    await Message.objects.filter(pk=answer.pk).aupdate(text="So far and on", reasoning="Well then")
    frame = await next_of(page, "frame")

    assert (whole["whole"], whole["to"], whole["reasoning"]) == (True, 6, "Well")
    assert (frame["from"], frame["to"], frame["reasoning"]) == (6, 13, " then")
    assert frame["source"] == whole["source"] != 0
    await page.disconnect()


async def test_a_page_read_while_another_process_writes_says_by_whom_it_was_cut(
    conversation, alices_client
):
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "So far", **running)
    get = sync_to_async(alices_client.get)
    before = await get(f"/c/{conversation.pk}/")
    page = await opened(alices_client, conversation.pk)

    await Lookout().look()
    await until(lambda: turns.shown(conversation.pk, answer.pk))
    after = await get(f"/c/{conversation.pk}/")

    source = turns.shown(conversation.pk, answer.pk).source
    assert 'data-shown-source="0"' in before.content.decode()
    assert f'data-shown-source="{source}"' in after.content.decode()
    await page.disconnect()


async def test_a_reader_that_is_behind_is_not_sent_what_another_process_writes(
    conversation, alices_client, monkeypatch
):
    monkeypatch.setattr(backlog, "PACKETS", 0)
    running = {"status": Status.STREAMING, "run": uuid.uuid4()}
    answer = await sync_to_async(say)(conversation, Role.ASSISTANT, "So far", **running)
    page = await opened(alices_client, conversation.pk)
    await broadcasts.tell_here(conversation.pk, broadcasts.ThreadChanged(1))

    await Lookout().look()
    await until(lambda: turns.shown(conversation.pk, answer.pk))

    assert await page.receive_nothing(0.3)
    await page.disconnect()


async def test_a_socket_needs_no_channel_layer(conversation, alices_client, settings, upstream):
    settings.CHANNEL_LAYERS = {}
    page = await opened(alices_client, conversation.pk)

    await send(conversation)
    await next_of(page, "turn")
    await sync_to_async(alices_client.post)("/logout/")

    assert await close_code(page) == 4401


async def test_a_new_password_closes_no_socket_of_its_own_session(conversation, alices_client):
    stranger = Client()
    await sync_to_async(stranger.force_login)(conversation.owner)
    new = "a wholly other pass phrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    await sync_to_async(alices_client.post)("/password/", fields)
    page = await opened(alices_client, conversation.pk)

    await sync_to_async(stranger.post)("/logout/")

    assert await page.receive_nothing(0.3)
    await page.disconnect()
