"""Packets about what an answer in line waits for."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import wire
from conversations.line import Reason, Wait
from conversations.models import Completion, Gate, Role, Status
from conversations.turns.sharing.broadcasts import WaitChanged
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    Gate.objects.create(pk=1)
    made = make_conversation(alice)
    say(made, Role.USER, "Hello")
    return made


def waiting_answer(talk, **fields):
    made = {"status": Status.QUEUED, "queued_at": timezone.now()}
    return say(talk, Role.ASSISTANT, "", **(made | fields))


def test_a_wait_is_sent_with_its_words_and_its_ways_out(talk, monkeypatch):
    answer = waiting_answer(talk)
    Completion.objects.create(message=answer, model="m", error="server", error_detail="502")
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    until = now + timedelta(seconds=3.5)

    packet = wire.wait(
        talk.pk, WaitChanged(answer.pk, Wait(Reason.RETRY, until=until, code="server"))
    )

    assert (packet["type"], packet["message"]) == ("wait", str(answer.pk))
    html = packet["html"]
    assert 'data-wait="retry server"' in html
    assert (
        'The provider failed (502). Trying again <span class="counted" data-countdown="4">' in html
    )
    assert f"/c/{talk.pk}/messages/{answer.pk}/now/" in html
    assert ">Stop</button>" in html


def test_once_it_goes_on_there_is_nothing_to_show_and_nothing_to_ask(talk):
    answer = uuid.uuid4()

    assert wire.wait(talk.pk, WaitChanged(answer, None)) == {
        "type": "wait",
        "message": str(answer),
        "html": "",
    }


def test_however_many_read_it_a_wait_is_rendered_once(talk, django_assert_num_queries):
    changed = WaitChanged(waiting_answer(talk).pk, Wait(Reason.LINE, 2))

    with django_assert_num_queries(1):
        packets = [wire.wait(talk.pk, changed) for _ in range(5)]

    assert all(packet is packets[0] for packet in packets)


def test_a_page_that_asks_is_told_what_an_answer_waits_for(talk, settings):
    settings.MAX_CALLS = 1
    waiting_answer(make_conversation(talk.owner), run=uuid.uuid4())
    answer = waiting_answer(talk)

    packet = wire.stored_turn(talk.pk, answer.pk)

    assert packet["type"] == "wait"
    assert "Queued, 1st in line." in packet["html"]


def test_a_page_that_asks_is_told_that_an_answer_waits_no_more(talk):
    answer = waiting_answer(talk, run=uuid.uuid4())

    assert wire.stored_turn(talk.pk, answer.pk)["html"] == ""


def test_a_report_may_say_that_nothing_is_known_of_an_answer():
    answer = uuid.uuid4()

    report = wire.report_in(f'{{"show": {{"{answer}": -1}}}}')

    assert report.show == {answer: -1}
