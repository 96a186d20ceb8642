"""Sockets through the whole stack that the server mounts: origin, session, routes."""

import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from conversations import backlog, consumers, turns, wire
from conversations.models import Role
from tests.consumers.kit import close_code, next_of, opened, socket
from tests.patience import PATIENCE
from tests.people import PASSWORD, make_conversation, say
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, answer, content, done, finish, hang, reasoning, role_chunk


async def test_frames_arrive_before_the_answer_is_complete(conversation, alices_client, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("First "), gate, content("last"), finish("stop"), done())
    page = await opened(alices_client, conversation.pk)

    admitted = await send(conversation)
    frame = await next_of(page, "frame")
    gate.open()
    await ended(admitted.answer)
    turn = await next_of(page, "turn")

    assert (frame["message"], frame["from"], frame["to"]) == (str(admitted.answer.pk), 0, 6)
    assert "First" in frame["settled"] + (frame["tail"] or "")
    assert 'data-status="complete" data-position="10"' in turn["html"]
    assert "First last" in turn["html"]
    await page.disconnect()


async def test_a_page_that_comes_late_gets_everything_so_far(conversation, alices_client, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {str(admitted.answer.pk): 0}}))
    frame = await next_of(page, "frame")

    assert (frame["whole"], frame["from"], frame["to"]) == (True, 0, 6)
    assert "So far" in frame["settled"] + frame["tail"]
    await page.disconnect()


async def test_a_page_that_is_up_to_date_is_sent_nothing_again(
    conversation, alices_client, upstream
):
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)

    now = turns.shown(conversation.pk, admitted.answer.pk)
    report = {
        "show": {str(admitted.answer.pk): 6},
        "sources": {str(admitted.answer.pk): now.source},
    }
    await page.send_to(json.dumps(report))

    assert json.loads(await page.receive_from())["type"] == "here"
    assert await page.receive_nothing(0.2)
    await page.disconnect()


async def test_a_page_that_was_cut_by_another_hand_gets_everything_so_far(
    conversation, alices_client, upstream
):
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {str(admitted.answer.pk): 6}, "sources": {}}))
    frame = await next_of(page, "frame")

    assert (frame["whole"], frame["to"]) == (True, 6)
    assert frame["source"] == turns.shown(conversation.pk, admitted.answer.pk).source
    await page.disconnect()


async def test_reasoning_that_came_before_the_socket_is_not_lost(
    conversation, alices_client, upstream
):
    gate = Gate()
    upstream.play(role_chunk(), reasoning("Let me think"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {str(admitted.answer.pk): 0}}))
    frame = await next_of(page, "frame")

    assert (frame["whole"], frame["to"], frame["reasoning"]) == (True, 0, "Let me think")
    await page.disconnect()


async def test_a_page_that_asks_after_the_end_gets_the_ended_turn(
    conversation, alices_client, upstream
):
    admitted = await send(conversation)
    await ended(admitted.answer)
    page = await opened(alices_client, conversation.pk)

    await page.send_to(json.dumps({"show": {str(admitted.answer.pk): 3}}))
    turn = await next_of(page, "turn")

    assert turn["message"] == str(admitted.answer.pk)
    assert 'data-status="complete"' in turn["html"]
    await page.disconnect()


async def test_other_tabs_are_told_of_a_new_exchange(conversation, alices_client, upstream):
    upstream.play(role_chunk(), hang())
    page = await opened(alices_client, conversation.pk)

    admitted = await send(conversation, "Hello from <b>elsewhere</b>")
    told = await next_of(page, "exchange")

    assert told["id"] == str(admitted.question.pk)
    assert "Hello from &lt;b&gt;elsewhere&lt;/b&gt;" in told["html"]
    await page.disconnect()


async def test_a_reader_that_says_nothing_is_sent_a_bounded_amount(
    conversation, alices_client, upstream, monkeypatch
):
    gates = [Gate() for _ in range(8)]
    steps = [step for gate in gates for step in (content("word "), gate)]
    upstream.play(role_chunk(), *steps, hang())
    page = await opened(alices_client, conversation.pk)
    admitted = await send(conversation)
    await reached(gates[0])
    packets = []
    while "frame" not in packets:
        packets.append(json.loads(await page.receive_from())["type"])
    monkeypatch.setattr(backlog, "PACKETS", len(packets) + 3)  # the exchange is one, too
    for gate in gates:
        await reached(gate)
        gate.open()

    frames = [await next_of(page, "frame") for _ in range(3)]
    assert await page.receive_nothing(0.2)
    await page.send_to(json.dumps({"seen": {str(admitted.answer.pk): frames[-1]["to"]}}))
    whole = await next_of(page, "frame")

    assert (whole["whole"], whole["to"]) == (True, 40)
    await page.disconnect()


@pytest.mark.parametrize(
    "nonsense",
    [
        "[]",
        "nonsense",
        '{"show": 1}',
        '{"show": {"x": "y"}}',
        "x" * 5000,
        '{"show": {"0f0e0d0c-0000-4000-8000-000000000000": Infinity}}',
        '"\\ud800"',
    ],
)
async def test_nonsense_is_passed_over(conversation, alices_client, nonsense):
    page = await opened(alices_client, conversation.pk)

    await page.send_to(nonsense)
    await page.send_to('{"seen": {}}')

    assert json.loads(await page.receive_from())["type"] == "here"
    await page.disconnect()


async def test_without_a_session_it_closes_4401(conversation):
    page = socket(Client(), conversation.pk)

    assert (await page.connect())[0]
    assert await close_code(page) == 4401


@pytest.mark.parametrize("whose", ["bob", "nobody", "deleted"])
async def test_what_is_not_ones_own_closes_4404(conversation, alices_client, bob, whose):
    from django.utils import timezone

    foreign = {"bob": bob, "nobody": None, "deleted": conversation.owner}[whose]
    wanted = uuid.uuid4()
    if foreign:
        made = await sync_to_async(make_conversation)(foreign)
        made.deleted_at = timezone.now() if whose == "deleted" else None
        await made.asave()
        wanted = made.pk

    page = socket(alices_client, wanted)

    assert (await page.connect())[0]
    assert await close_code(page) == 4404


async def test_an_unknown_path_closes_4404(alices_client):
    page = socket(alices_client, "", path="/ws/elsewhere/")

    assert (await page.connect())[0]
    assert await close_code(page) == 4404


@pytest.mark.parametrize("origin", [(b"origin", b"http://evil.example"), (b"x-no-origin", b"")])
async def test_a_foreign_origin_is_refused(conversation, alices_client, origin):
    page = socket(alices_client, conversation.pk, origin=origin)

    assert (await page.connect())[0] is False


@pytest.mark.parametrize(("origin", "is_taken"), [("http://localhost", True), ("http://x", False)])
async def test_where_any_host_is_allowed_the_origin_must_be_the_host(
    conversation, alices_client, settings, origin, is_taken
):
    settings.ALLOWED_HOSTS = ["*"]

    page = socket(alices_client, conversation.pk, origin=(b"origin", origin.encode()))

    assert (await page.connect())[0] is is_taken
    await page.disconnect()


async def test_logging_out_closes_the_sockets_of_that_session_only(conversation, alices_client):
    elsewhere = Client()
    await sync_to_async(elsewhere.force_login)(conversation.owner)
    here, there = (
        await opened(alices_client, conversation.pk),
        await opened(elsewhere, conversation.pk),
    )

    await sync_to_async(alices_client.post)("/logout/")

    assert await close_code(here) == 4401
    assert await there.receive_nothing(0.2)
    await there.disconnect()


async def test_a_changed_password_closes_the_other_sessions_sockets(conversation, alices_client):
    elsewhere = Client()
    await sync_to_async(elsewhere.force_login)(conversation.owner)
    page = await opened(elsewhere, conversation.pk)

    new = "a wholly other pass phrase"
    await sync_to_async(alices_client.post)(
        "/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )

    # The page comes back; another browser finds itself signed out then, this one does not.
    assert await close_code(page) == 4012
    again = socket(elsewhere, conversation.pk)
    assert (await again.connect())[0]
    assert await close_code(again) == 4401


async def test_a_session_that_is_gone_is_noticed(conversation, alices_client, monkeypatch):
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(consumers, "SESSION_CHECK_SECONDS", 0)
    page = await opened(alices_client, conversation.pk)

    await Session.objects.all().adelete()
    await page.send_to('{"seen": {}}')
    await page.receive_from()

    assert await close_code(page) == 4012


async def test_a_lost_socket_does_not_end_the_answer(conversation, alices_client, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("One "), gate, content("two"), finish("stop"), done())
    page = await opened(alices_client, conversation.pk)
    admitted = await send(conversation)
    await next_of(page, "frame")

    await page.disconnect()
    gate.open()
    found = await ended(admitted.answer)

    assert (found.status, found.text) == ("complete", "One two")


async def test_a_restart_sends_every_page_to_the_next_process(conversation, alices_client):
    page = await opened(alices_client, conversation.pk)

    page.future.cancel()  # as the server does when it is told to stop

    assert await close_code(page) == 4012


async def test_a_strangers_answer_is_not_shown(bob, conversation, alices_client, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Secret"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    own = await sync_to_async(make_conversation)(bob)
    client = Client()
    await sync_to_async(client.force_login)(bob)
    page = await opened(client, own.pk)

    for kind in ("show", "seen"):
        await page.send_to(json.dumps({kind: {str(admitted.answer.pk): -1}}))
        assert json.loads(await page.receive_from())["type"] == "here"

    assert await page.receive_nothing(0.3)
    await page.disconnect()


async def test_a_page_that_asks_again_and_again_is_sent_a_bounded_amount(
    conversation, alices_client, upstream, monkeypatch
):
    monkeypatch.setattr(consumers, "SHOW_SECONDS", PATIENCE)
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, hang())
    admitted = await send(conversation)
    await reached(gate)
    page = await opened(alices_client, conversation.pk)

    for _ in range(30):
        await page.send_to(json.dumps({"show": {str(admitted.answer.pk): 0}}))
    await next_of(page, "frame")

    packets = []
    while not await page.receive_nothing(0.3):
        packets.append(json.loads(await page.receive_from())["type"])
    assert packets.count("frame") == 0
    await page.disconnect()


async def test_a_packet_too_large_for_a_websocket_becomes_a_hint(
    conversation, alices_client, upstream, monkeypatch
):
    monkeypatch.setattr(wire, "LARGEST_PACKET", 3000)
    upstream.play(*answer("word " * 1000))
    page = await opened(alices_client, conversation.pk)

    await send(conversation)

    assert (await next_of(page, "thread"))["type"] == "thread"
    await page.disconnect()


async def test_stopping_is_seen_in_every_tab(conversation, alices_client, upstream):
    upstream.play(role_chunk(), content("Half"), hang())
    tabs = [await opened(alices_client, conversation.pk) for _ in range(2)]
    admitted = await send(conversation)
    for tab in tabs:
        await next_of(tab, "frame")

    client = AsyncClient()
    await client.aforce_login(conversation.owner)
    answer = await client.post(f"/c/{conversation.pk}/messages/{admitted.answer.pk}/stop/")

    assert answer.status_code == 204
    for tab in tabs:
        turn = await next_of(tab, "turn")
        assert 'data-status="stopped"' in turn["html"]
        await tab.disconnect()
    assert turns.shown(conversation.pk, admitted.answer.pk) is None


async def test_the_thread_is_read_again_after_a_retry(conversation, alices_client, upstream):
    question = await sync_to_async(say)(conversation, Role.USER, "Hi")
    old = await sync_to_async(say)(conversation, Role.ASSISTANT, "Hello", question)
    page = await opened(alices_client, conversation.pk)

    await turns.retry(conversation.owner, conversation, old, uuid.uuid4())

    assert (await next_of(page, "thread"))["type"] == "thread"
    await page.disconnect()
