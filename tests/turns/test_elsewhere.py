"""Who watches an answer of this process elsewhere; that text arrives there, tests/processes tells."""

import uuid

import pytest

from conversations.turns.sharing import elsewhere


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch):
    monkeypatch.setattr(elsewhere, "_leases", {})


async def watch(answer, channel="a"):
    await elsewhere.note_watcher({"answer": str(answer), "channel": channel})


async def test_whoever_watches_is_known_until_the_answer_ends():
    answer = uuid.uuid4()
    await watch(answer, "a")
    await watch(answer, "b")
    await watch(answer, "a")

    assert elsewhere._watching(answer) == ("a", "b")
    elsewhere.forget(answer)
    assert elsewhere._watching(answer) == ()


async def test_whoever_does_not_say_it_again_is_forgotten(monkeypatch):
    answer = uuid.uuid4()
    monkeypatch.setattr(elsewhere, "LEASE_SECONDS", -1)
    await watch(answer)

    assert elsewhere._watching(answer) == ()
    assert elsewhere._leases == {}


async def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(elsewhere, "MOST_ANSWERS", 10)
    monkeypatch.setattr(elsewhere, "MOST_PROCESSES", 3)
    answer = uuid.uuid4()
    for number in range(20):
        await watch(answer, f"process {number}")
        await watch(uuid.uuid4())

    assert len(elsewhere._leases) == 10
    assert len(elsewhere._watching(answer)) == 3


async def test_those_that_are_over_make_room(monkeypatch):
    monkeypatch.setattr(elsewhere, "MOST_ANSWERS", 10)
    monkeypatch.setattr(elsewhere, "LEASE_SECONDS", -1)
    for _ in range(10):
        await watch(uuid.uuid4())
    monkeypatch.setattr(elsewhere, "LEASE_SECONDS", 60)
    newest = uuid.uuid4()

    await watch(newest)

    assert elsewhere._watching(newest) == ("a",)
