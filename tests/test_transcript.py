import pytest

from conversations.models import Completion, Role, Status
from conversations.transcript import Notice, exchanges_of, notice_of
from tests.people import make_conversation, say

SETTLE = ("retry", "settings")


@pytest.fixture
def talk(alice):
    made = make_conversation(alice)
    say(made, Role.USER, "Hello")
    return made


def answer(talk, text="Half", status=Status.COMPLETE, **call):
    made = say(talk, Role.ASSISTANT, text, status=status)
    if call:
        Completion.objects.create(
            message=made, conversation=talk, user=talk.owner, model="m", **{"cost": 1, **call}
        )
    return made


LIMIT = {"max_tokens": 512}


@pytest.mark.parametrize(
    ("made", "notice"),
    [
        ({"finish_reason": "stop"}, None),
        ({"finish_reason": ""}, None),
        ({"finish_reason": "eos"}, None),
        (
            {"finish_reason": "length", "parameters": LIMIT},
            Notice("Stopped at the 512-token limit.", actions=SETTLE),
        ),
        ({"finish_reason": "length"}, Notice("Stopped at the limit.", actions=SETTLE)),
        (
            {"finish_reason": "length", "parameters": LIMIT, "text": ""},
            Notice("All 512 tokens went on thinking.", actions=SETTLE),
        ),
        (
            {"finish_reason": "content_filter"},
            Notice("The provider's filter stopped this answer."),
        ),
        (
            {"finish_reason": "content_filter", "text": ""},
            Notice("The provider's filter refused this message."),
        ),
        (
            {"finish_reason": "tool_calls"},
            Notice("The model asked for a tool that this chat does not have."),
        ),
        ({"finish_reason": "stop", "text": ""}, Notice("The model answered without any text.")),
        ({"status": Status.STOPPED}, Notice("Stopped by you.")),
        (
            {"status": Status.INTERRUPTED},
            Notice("Interrupted by a server restart. The text is kept."),
        ),
        (
            {"status": Status.INTERRUPTED, "text": ""},
            Notice("Interrupted by a server restart."),
        ),
        (
            {
                "status": Status.FAILED,
                "error": "server",
                "error_detail": "502",
                "text": "",
                "cost": 0,
            },
            Notice("The provider failed (502). Nothing was charged.", is_bad=True),
        ),
        (
            {"status": Status.FAILED, "error": "cut_off"},
            Notice("The answer broke off. The text is kept."),
        ),
        (
            {
                "status": Status.FAILED,
                "error": "timeout",
                "error_detail": "No data for 60 s, so we stopped.",
            },
            Notice("No data for 60 s, so we stopped. The text is kept."),
        ),
        (
            {
                "status": Status.FAILED,
                "error": "bad_request",
                "error_detail": "no such model",
                "text": "",
                "cost": 0,
            },
            Notice(
                "The provider did not accept this request: no such model. Nothing was charged.",
                is_bad=True,
                actions=SETTLE,
            ),
        ),
    ],
)
def test_how_it_ended_is_said_in_words(talk, made, notice):
    assert notice_of(answer(talk, **made)) == notice


def test_an_answer_that_was_never_asked_for_says_so(talk):
    found = notice_of(answer(talk, "", Status.FAILED))

    assert found.words == "This message could not be sent to the model. Nothing was charged."


def test_exchanges_begin_with_what_a_person_said(talk):
    answer(talk, "One")
    answer(talk, "And another")
    say(talk, Role.USER, "Thanks")

    texts = [[turn.message.text for turn in each.turns] for each in exchanges_of(talk)]

    assert texts == [["Hello", "One", "And another"], ["Thanks"]]


def test_versions_are_counted_and_named(talk):
    question = talk.current_leaf
    first, second, third = (say(talk, Role.ASSISTANT, text, question) for text in ("1", "2", "3"))
    talk.current_leaf = second
    talk.save()

    turn = exchanges_of(talk)[0].turns[1]

    assert (turn.version, turn.versions) == (2, 3)
    assert (turn.previous_id, turn.next_id) == (first.pk, third.pk)


def test_a_long_record_of_the_context_is_not_read_for_a_page(talk):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    answer(talk, finish_reason="stop", context=[{"message": "x"}] * 1000)
    with CaptureQueriesContext(connection) as asked:
        exchanges_of(talk)

    ledger = next(q["sql"] for q in asked if "conversations_completion" in q["sql"])
    assert '"conversations_completion"."context"' not in ledger
