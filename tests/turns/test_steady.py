"""A database that was away makes every answer look dead for a moment; none is taken over for that."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from chatsite.databases import database
from conversations.models import Role, Status
from conversations.turns import steady, sweeps
from tests.people import make_conversation, say


@pytest.fixture
def dead_answer(alice):
    chat = make_conversation(alice)
    question = say(chat, Role.USER, "Tea?")
    return say(
        chat,
        Role.ASSISTANT,
        "It is ",
        question,
        status=Status.STREAMING,
        run=question.pk,
        beat=timezone.now() - timedelta(minutes=5),
    )


@pytest.fixture
def sweeping(monkeypatch, settings):
    """A process that has begun to look regularly; its clock is moved by hand."""
    clock = SimpleNamespace(now=1000.0)
    settings.BEAT_SECONDS, settings.TAKEOVER_SECONDS = 3, 15
    monkeypatch.setattr(steady, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(steady, "_looked", clock.now)
    monkeypatch.setattr(steady, "_rests_until", 0)
    return clock


def test_a_dead_answer_is_taken_over_at_once_where_the_database_was_there(dead_answer, sweeping):
    assert sweeps.end_all_dead_answers() == [dead_answer]


def test_it_is_not_when_the_database_has_just_come_back(dead_answer, sweeping):
    sweeping.now += 1.1 * steady.longest_gap()

    assert sweeps.end_all_dead_answers() == []
    assert sweeps.end_dead_answers(dead_answer.conversation) == []


def test_it_is_when_its_runner_has_had_the_time_to_beat_again_and_did_not(dead_answer, sweeping):
    sweeping.now += 1.1 * steady.longest_gap()
    sweeps.end_all_dead_answers()
    ended = []

    for _ in range(20):
        sweeping.now += steady.longest_gap() / 4
        ended = ended or sweeps.end_all_dead_answers()

    assert ended == [dead_answer]


@pytest.mark.parametrize(
    ("beat", "takeover"), [(3, 15), (3, 9), (3, 8), (1, 6), (10, 30), (0.3, 5.3), (20, 60)]
)
def test_an_outage_that_passes_unnoticed_makes_nobody_look_dead(settings, beat, takeover):
    """The last beat came just before it, the next one when the pool has found its way back."""
    settings.BEAT_SECONDS, settings.TAKEOVER_SECONDS = beat, takeover
    options = database("postgres://chat@127.0.0.1/chat", Path())["OPTIONS"]

    oldest_beat = beat + steady.longest_gap() + options["pool"]["reconnect_timeout"]

    assert oldest_beat < takeover
