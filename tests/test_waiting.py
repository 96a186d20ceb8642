"""Why an answer is not written yet, in words, and what is said once it was tried in vain."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import accounting
from conversations.line import Reason, Wait
from conversations.models import Completion, Gate, Purpose, Role, Status
from conversations.transcript import Notice, Waiting, exchanges_of, notice_of, waiting_of
from tests.people import make_conversation, say

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def moment(seconds):
    return NOW + timedelta(seconds=seconds)


# --- while it waits -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wait", "waiting"),
    [
        (Wait(Reason.LINE, 3), Waiting("line", "Queued, 3rd in line.")),
        (Wait(Reason.LINE), Waiting("line", "Queued.")),
        (
            Wait(Reason.RETRY, until=moment(11.2), code="rate_limit"),
            Waiting(
                "retry rate_limit",
                "The provider is rate-limiting us. Trying again in 12 s.",
                "Stop",
                can_try_now=True,
                seconds=12,
            ),
        ),
        (
            Wait(Reason.CIRCUIT, until=moment(65)),
            Waiting(
                "circuit",
                "The provider keeps failing. Trying again in 1 min 5 s.",
                can_try_now=True,
                seconds=65,
            ),
        ),
        (
            Wait(Reason.CIRCUIT),
            Waiting("circuit", "The provider keeps failing. One message is trying it now."),
        ),
        (
            Wait(Reason.PROVIDER_LIMIT, until=moment(12)),
            Waiting(
                "provider limit",
                "The provider's limit for this model is reached. Going on in 12 s.",
                seconds=12,
            ),
        ),
        (
            Wait(Reason.PROVIDER_LIMIT, until=moment(-3)),
            Waiting(
                "provider limit",
                "The provider's limit for this model is reached. Going on any moment now.",
                seconds=0,
            ),
        ),
    ],
)
def test_a_wait_has_words_and_a_way_out(wait, waiting):
    assert waiting_of(wait, now=NOW) == waiting


@pytest.mark.parametrize(
    ("code", "detail", "words"),
    [
        ("server", "502", "The provider failed (502)."),
        ("server", "", "The provider failed."),
        ("connection", "ConnectError: refused", "The provider cannot be reached."),
        ("no_connection", "No connection within 10 s.", "The provider cannot be reached."),
        ("connection_lost", "ReadError", "The connection to the provider broke."),
        ("timeout", "No data for 60 s, so we stopped.", "The provider did not answer in time."),
        ("cut_off", "", "The provider broke off before it began to answer."),
        ("of_a_newer_version", "", "Something went wrong."),
    ],
)
def test_an_error_that_is_tried_again_has_words_that_fit(code, detail, words):
    found = waiting_of(Wait(Reason.RETRY, until=moment(4), code=code), detail, NOW)

    assert found.words == f"{words} Trying again in 4 s."


# --- on the turn ----------------------------------------------------------------------------


@pytest.fixture
def talk(alice):
    # There is one since the first message was sent.
    Gate.objects.create(pk=1)
    made = make_conversation(alice)
    say(made, Role.USER, "Hello")
    return made


def answer(talk, status=Status.FAILED, text="", **fields):
    # A moment before its calls, as SQLite counts in milliseconds.
    queued_at = timezone.now() - timedelta(seconds=1)
    moments = {"queued_at": queued_at, "ended_at": timezone.now() + timedelta(minutes=10)}
    return say(talk, Role.ASSISTANT, text, status=status, **(moments | fields))


def call(talk, message, **fields):
    made = {"message": message, "conversation": talk, "model": "m", "cost": 0}
    failed = {"error": "server", "error_detail": "502"}
    booked = Completion.objects.create(**(made | failed | fields))
    if booked.ended_at:
        accounting.book(booked)
    return booked


def test_a_turn_in_line_knows_what_it_waits_for(talk, settings):
    settings.MAX_CALLS = 1
    other = make_conversation(talk.owner)
    answer(other, Status.STREAMING, run="11111111-1111-1111-1111-111111111111")
    call(talk, answer(talk, Status.QUEUED), ended_at=timezone.now())

    turn = exchanges_of(talk)[0].turns[1]

    assert (turn.wait.words, turn.wait.way_out) == ("Queued, 1st in line.", "Cancel")
    assert turn.waiting_since is None


def test_a_retry_says_what_the_newest_call_failed_of(talk):
    waiting = answer(
        talk, Status.QUEUED, wait="server", not_before=timezone.now() + timedelta(hours=1)
    )
    call(talk, waiting, error_detail="500")
    call(talk, waiting, error_detail="503")

    turn = exchanges_of(talk)[0].turns[1]

    assert turn.wait.words.startswith("The provider failed (503). Trying again in ")


def test_only_for_one_in_line_is_the_line_asked(talk):
    from django.db import connection

    answer(talk, Status.STREAMING, run="11111111-1111-1111-1111-111111111111")
    with CaptureQueriesContext(connection) as asked:
        turns = exchanges_of(talk)[0].turns

    assert [turn.wait for turn in turns] == [None, None]
    assert not [query for query in asked if "conversations_gate" in query["sql"]]


def test_waiting_for_the_model_counts_from_its_call(talk):
    calling = answer(talk, Status.STREAMING, run="11111111-1111-1111-1111-111111111111")
    call(talk, calling, ended_at=timezone.now())
    newest = call(talk, calling, error="")

    turn = exchanges_of(talk)[0].turns[1]

    assert turn.waiting_since == newest.created_at.timestamp()


# --- tried in vain --------------------------------------------------------------------------


def test_how_often_it_was_tried_is_said(talk):
    failed = answer(talk)
    for _ in range(4):
        call(talk, failed)

    assert notice_of(failed) == Notice(
        "The provider failed (502). Tried 4 times. Nothing was charged.", is_bad=True
    )


def test_calls_before_it_was_asked_again_and_other_calls_are_not_counted(talk):
    failed = answer(talk)
    earlier = call(talk, failed)
    Completion.objects.filter(pk=earlier.pk).update(
        created_at=failed.queued_at - timedelta(minutes=1), cost=1
    )
    call(talk, failed, purpose=Purpose.SUMMARY)
    call(talk, failed, error="context_length")
    call(talk, failed)

    assert notice_of(failed).words == "The provider failed (502). Nothing was charged."


def test_what_one_attempt_cost_is_not_nothing(talk):
    failed = answer(talk)
    call(talk, failed, cost=1, error="timeout", error_detail="")
    call(talk, failed)

    assert notice_of(failed).words == "The provider failed (502). Tried 2 times."


def test_a_wait_that_the_provider_asks_for_is_said(talk):
    failed = answer(talk)
    call(talk, failed, error="asked_to_wait", error_detail="24 hours")

    assert notice_of(failed).words == (
        "The provider asks us to wait 24 hours. Nothing was charged."
    )


def test_a_message_that_stood_in_line_for_too_long_says_so(talk):
    assert notice_of(answer(talk, failure="queue_time")) == Notice(
        "This message stood in line for 10 minutes without a turn, so it was given up."
        " Nothing was charged.",
        is_bad=True,
    )


def test_one_that_was_tried_before_it_was_given_up_says_that_too(talk):
    failed = answer(talk, failure="queue_time")
    call(talk, failed)
    call(talk, failed)

    assert notice_of(failed).words == (
        "The provider failed (502). Tried 2 times. Given up after 10 minutes. Nothing was charged."
    )


def test_a_continuation_that_stood_in_line_for_too_long_can_be_continued(talk):
    failed = answer(talk, text="Half", failure="queue_time")

    notice = notice_of(failed, can_go_on=True)

    assert notice.words.endswith("given up. The text is kept. Nothing was charged.")
    assert (notice.is_bad, notice.actions) == (False, ("continue", "retry"))


def test_what_an_earlier_call_wrote_is_no_try_of_the_continuation_that_was_given_up(talk):
    failed = answer(talk, text="Half", failure="queue_time")
    earlier = call(talk, failed, error="", cost=1)
    Completion.objects.filter(pk=earlier.pk).update(
        created_at=failed.queued_at - timedelta(hours=1)
    )

    assert notice_of(failed).words == (
        "This message stood in line for 10 minutes without a turn, so it was given up."
        " The text is kept. Nothing was charged."
    )


def test_one_that_need_not_wait_says_for_how_long_the_provider_wants_nothing(talk):
    ended_at = timezone.now()
    until = {"ended_at": ended_at, "not_before": ended_at + timedelta(minutes=20)}
    failed = answer(talk, failure="asked_to_wait", **until)

    assert notice_of(failed) == Notice(
        "The provider asks us to wait 20 minutes. Nothing was charged.", is_bad=True
    )
    call(talk, failed)
    assert notice_of(failed).words == (
        "The provider failed (502). The provider asks us to wait 20 minutes. Nothing was charged."
    )


def test_one_that_was_lost_again_and_again_says_so_and_offers_another_try(talk):
    assert notice_of(answer(talk, failure="never_begun")) == Notice(
        "This site broke down each time it was about to send this message, so it was given up."
        " Whoever runs it finds more in the log. Nothing was charged.",
        is_bad=True,
        actions=("retry",),
    )
