"""A stream survives what breaks between the browser and the site."""

import json
import random

import pytest
from playwright.sync_api import expect

from tests.broken_wire import Wire
from tests.browser.conftest import answers, ask, wait_until
from tests.browser.streaming import (
    BIG,
    EVERYTHING,
    THOUGHTS,
    assert_is_stored,
    assert_shows_so_far,
    gated,
    look,
    so_far,
    wait_for,
    wait_for_end,
    wait_for_text,
)
from tests.upstream_server import Gate, content, done, finish, reasoning, role_chunk

CUTS = 8


@pytest.fixture
def wire(site):
    with Wire(site.port) as found:
        yield found


def begin(page, upstream, text, thoughts="", gates=1):
    """Ask, and be on the conversation's page; the rest of the answer comes after each gate."""
    held = [Gate() for _ in range(gates)]
    upstream.play(gated(text, held, thoughts))
    ask(page, "Tell me")
    page.wait_for_url("**/c/**")
    wait_for_text(page, so_far(text, held, 0), "the beginning")
    return held


# --- cut ----------------------------------------------------------------------------------------


def test_a_socket_reset_every_300_ms_for_the_whole_answer(open_page, site, upstream, wire):
    page = open_page(wire.url)
    gates = begin(page, upstream, EVERYTHING, THOUGHTS, CUTS)

    # More of the answer comes with each cut that met a connection.
    while look(page)["status"] != "complete" and wire.cuts < 5 * CUTS:
        wire.cut()
        for gate in gates[: wire.cuts]:
            gate.open()
        page.wait_for_timeout(300)
    wait_for_end(page, f"the end, after {wire.cuts} cuts")

    assert wire.cuts >= CUTS
    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 4012])
def test_a_socket_closed_with_whatever_code_comes_back(open_page, site, upstream, code):
    page = open_page()
    sockets = []
    page.route_web_socket(
        "**/ws/**", lambda socket: sockets.append((socket, socket.connect_to_server()))
    )
    gates = begin(page, upstream, EVERYTHING, THOUGHTS, 3)

    for number, gate in enumerate(gates):
        socket, server = sockets[number]
        server.close(code=code)
        socket.close(code=code)
        gate.open()
        wait_until(page, lambda number=number: len(sockets) > number + 1)
        page.wait_for_timeout(300)
    wait_for_end(page, f"the end, closed {len(gates)} times with {code}")

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


# --- lost, doubled, in disorder -------------------------------------------------------------------


def unreliable(page, treat):
    """What the site sends goes through `treat(packet, send)`."""

    def connect(socket):
        server = socket.connect_to_server()
        server.on_message(lambda packet: treat(packet, socket.send))

    page.route_web_socket("**/ws/**", connect)


def kind_of(packet):
    return json.loads(packet)["type"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fifth_of_all_packets_lost(open_page, site, upstream, seed):
    page = open_page()
    luck, lost = random.Random(seed), []

    def treat(packet, send):
        if luck.random() < 0.2:
            lost.append(kind_of(packet))
        else:
            send(packet)

    unreliable(page, treat)
    gates = begin(page, upstream, EVERYTHING, THOUGHTS, 12)
    for number, gate in enumerate(gates):
        wait_for_text(page, so_far(EVERYTHING, gates, number), f"part {number}")
        assert_shows_so_far(page)
        gate.open()
    wait_for_end(page, f"the end, without {len(lost)} packets")

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_every_frame_lost(open_page, site, upstream):
    page = open_page()
    lost = []
    unreliable(
        page,
        lambda packet, send: lost.append(packet) if kind_of(packet) == "frame" else send(packet),
    )
    upstream.play(gated(EVERYTHING, [], THOUGHTS))

    ask(page, "Tell me")
    wait_for_end(page, "the end, without a frame")

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_the_last_word_lost(open_page, site, upstream):
    page = open_page()
    lost = []

    def treat(packet, send):
        if kind_of(packet) == "turn" and not lost:
            lost.append(packet)
        else:
            send(packet)

    unreliable(page, treat)
    gates = begin(page, upstream, EVERYTHING)
    gates[0].open()
    wait_for_end(page, "the end, told twice")

    assert len(lost) == 1
    assert_is_stored(page, site, EVERYTHING)


def test_the_last_frame_before_a_silence_lost(open_page, site, upstream):
    page = open_page()
    is_losing = False
    unreliable(
        page,
        lambda packet, send: None if is_losing and kind_of(packet) == "frame" else send(packet),
    )
    gates = begin(page, upstream, EVERYTHING, gates=2)
    is_losing = True
    gates[0].open()
    gates[1].wait_until_reached()
    page.wait_for_timeout(1000)
    is_losing = False

    wait_for_text(page, so_far(EVERYTHING, gates, 1), "the frame that was lost")
    assert_shows_so_far(page)
    gates[1].open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_packets_doubled_and_in_disorder(open_page, site, upstream, seed):
    page = open_page()
    luck, held = random.Random(seed), []

    def treat(packet, send):
        held.extend([packet] * luck.choice((1, 1, 2)))
        if len(held) > 3 or kind_of(packet) == "here":
            luck.shuffle(held)
            while held:
                send(held.pop())

    unreliable(page, treat)
    gates = [Gate() for _ in range(8)]
    upstream.play(gated(EVERYTHING, gates, THOUGHTS))
    ask(page, "Tell me")
    for gate in gates:
        gate.wait_until_reached()
        page.wait_for_timeout(200)
        gate.open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING, THOUGHTS)


def test_thoughts_doubled_and_lost_are_whole_again(open_page, site, upstream):
    page = open_page()
    luck = random.Random(1)

    def treat(packet, send):
        for _ in range(luck.choice((0, 1, 2)) if kind_of(packet) == "frame" else 1):
            send(packet)

    unreliable(page, treat)
    gates = [Gate() for _ in range(6)]
    steps = [step for gate in gates for step in (reasoning(f"Step {gates.index(gate)}. "), gate)]
    upstream.play(role_chunk(), *steps, content("Tea."), finish(), done())
    ask(page, "How?")

    for number, gate in enumerate(gates):
        thought = "".join(f"Step {n}. " for n in range(number + 1))
        wait_for(page, "thoughts so far", reasoning=thought)
        gate.open()
    wait_for_end(page)

    assert_is_stored(page, site, "Tea.", "".join(f"Step {n}. " for n in range(6)))


def test_a_gap_in_an_answer_too_large_for_one_packet(open_page, site, upstream):
    page = open_page()
    dropped = []

    def treat(packet, send):
        if kind_of(packet) == "frame" and len(dropped) < 3:
            dropped.append(packet)
        else:
            send(packet)

    gates = begin(page, upstream, BIG, gates=3)
    unreliable(page, treat)
    gates[0].open()
    gates[1].wait_until_reached()
    page.reload()
    gates[1].open()
    gates[2].wait_until_reached()
    wait_for_text(page, so_far(BIG, gates, 2), "after a gap in 300 KB")
    assert_shows_so_far(page)
    gates[2].open()
    wait_for_end(page)

    assert_is_stored(page, site, BIG)


# --- dead lines -----------------------------------------------------------------------------------


def test_a_connection_that_died_without_a_word(open_page, site, upstream, wire):
    page = open_page(wire.url)
    gates = begin(page, upstream, EVERYTHING, gates=2)
    wire.stall()
    gates[0].open()
    gates[1].wait_until_reached()

    wait_for_text(page, so_far(EVERYTHING, gates, 1), "a half-open socket")
    assert_shows_so_far(page)
    gates[1].open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING)


def test_offline_for_a_while(open_page, site, upstream, wire):
    page = open_page(wire.url)
    gates = begin(page, upstream, EVERYTHING, gates=2)
    page.context.set_offline(True)
    wire.refuse()
    gates[0].open()
    gates[1].wait_until_reached()
    expect(page.get_by_text("Offline. Keep typing; sending waits.").first).to_be_visible()
    page.wait_for_timeout(4000)
    wire.mend()
    page.context.set_offline(False)

    wait_for_text(page, so_far(EVERYTHING, gates, 1), "online again")
    assert_shows_so_far(page)
    expect(page.locator("#connection")).to_be_hidden()
    gates[1].open()
    wait_for_end(page)

    assert_is_stored(page, site, EVERYTHING)
    assert answers(page).count() == 1
