"""A stream survives whoever comes, goes and comes back: no character is lost or doubled."""

import pytest

from tests.browser.conftest import answers, ask
from tests.browser.streaming import (
    BIG,
    EVERYTHING,
    TEXTS,
    THOUGHTS,
    assert_is_stored,
    assert_shows_so_far,
    gated,
    parts,
    so_far,
    wait_for,
    wait_for_end,
    wait_for_text,
)
from tests.upstream_server import Gate, content, done, finish, reasoning, role_chunk


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_refresh_in_mid_answer_costs_and_doubles_nothing(page, site, upstream, text):
    gates = [Gate() for _ in range(4)]
    upstream.play(gated(text, gates))
    ask(page, "Tell me")

    for number, gate in enumerate(gates):
        wait_for_text(page, so_far(text, gates, number))
        assert_shows_so_far(page)
        page.reload()
        wait_for_text(page, so_far(text, gates, number), "after the refresh")
        assert_shows_so_far(page)
        gate.open()
    wait_for_end(page)

    assert_is_stored(page, site, text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_page_that_stays_is_byte_for_byte_what_is_stored(page, site, upstream, text):
    gates = [Gate() for _ in range(12)]
    upstream.play(gated(text, gates, longest=6))
    ask(page, "Tell me")

    for number, gate in enumerate(gates):
        wait_for_text(page, so_far(text, gates, number))
        gate.open()
    wait_for_end(page)

    assert_is_stored(page, site, text)


def test_closed_and_opened_again(open_page, site, upstream):
    page = open_page()
    gates = [Gate(), Gate(), Gate()]
    upstream.play(gated(EVERYTHING, gates))
    ask(page, "Tell me")
    wait_for_text(page, so_far(EVERYTHING, gates, 0))
    address = page.url

    page.close()
    gates[0].open()
    gates[1].wait_until_reached()
    again = open_page(address)
    wait_for_text(again, so_far(EVERYTHING, gates, 1), "opened again")
    assert_shows_so_far(again)
    again.context.close()
    gates[1].open()
    gates[2].open()
    last = open_page(address)
    wait_for_end(last)

    assert_is_stored(last, site, EVERYTHING)


def test_a_second_tab_and_a_second_device_that_come_in_mid_answer(open_page, site, upstream):
    page = open_page()
    gates = [Gate(), Gate(), Gate()]
    upstream.play(gated(EVERYTHING, gates))
    ask(page, "Tell me")
    wait_for_text(page, so_far(EVERYTHING, gates, 0))

    tab = page.context.new_page()
    tab.goto(page.url)
    wait_for_text(tab, so_far(EVERYTHING, gates, 0), "second tab")
    assert_shows_so_far(tab)
    gates[0].open()
    phone = open_page(page.url, width=390, height=844, is_mobile=True, has_touch=True)
    for seen in (page, tab, phone):
        wait_for_text(seen, so_far(EVERYTHING, gates, 1))
        assert_shows_so_far(seen)
    gates[1].open()
    gates[2].open()

    for seen in (page, tab, phone):
        wait_for_end(seen)
        assert_is_stored(seen, site, EVERYTHING)
        assert answers(seen).count() == 1


def test_reasoning_is_whole_at_every_moment(page, site, upstream):
    gates = [Gate() for _ in range(4)]
    thoughts = parts(THOUGHTS, 3)
    steps = [
        step
        for gate, part in zip(gates, thoughts, strict=False)
        for step in (reasoning(part), gate)
    ]
    upstream.play(role_chunk(), *steps, content("Tea."), gates[3], finish(), done())
    ask(page, "How?")

    for number, gate in enumerate(gates[:3]):
        thought = "".join(thoughts[: number + 1])
        wait_for(page, "thoughts so far", reasoning=thought, position=0)
        page.reload()
        wait_for(page, "after the refresh", reasoning=thought, position=0)
        gate.open()
    wait_for(page, "text", reasoning=THOUGHTS, position=4)
    gates[3].open()
    wait_for_end(page)

    assert_is_stored(page, site, "Tea.", THOUGHTS)


def test_300_kilobytes_with_a_refresh_and_a_second_tab(page, site, upstream):
    gates = [Gate(), Gate(), Gate()]
    upstream.play(gated(BIG, gates, longest=200))
    assert len(BIG.encode()) > 300_000
    ask(page, "Everything")
    wait_for_text(page, so_far(BIG, gates, 0))

    page.reload()
    wait_for_text(page, so_far(BIG, gates, 0), "after the refresh")
    gates[0].open()
    wait_for_text(page, so_far(BIG, gates, 1))
    tab = page.context.new_page()
    tab.goto(page.url)
    gates[1].open()
    for seen in (page, tab):
        wait_for_text(seen, so_far(BIG, gates, 2))
    assert_shows_so_far(page)
    gates[2].open()

    for seen in (page, tab):
        wait_for_end(seen)
        assert_is_stored(seen, site, BIG)
