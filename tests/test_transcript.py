from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.models import Beginning, Completion, Origin, Role, Standing, Status
from conversations.transcript import Notice, compare, exchanges_of, notice_of
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
        (
            {
                "status": Status.FAILED,
                "error": "over_budget",
                "error_detail": "You have used today's $1.00. It resets on 2 May.",
                "text": "",
                "cost": 0,
            },
            Notice(
                "You have used today's $1.00. It resets on 2 May. Nothing was charged.",
                is_bad=True,
                actions=SETTLE,
            ),
        ),
        (
            {"status": Status.FAILED, "error": "cost_unknown", "text": "", "cost": 0},
            Notice(
                "What this model costs is not known, and a budget holds here. Choose another"
                " model, or ask whoever runs this site to enter its price. Nothing was charged.",
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


# --- going on -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "can_continue"),
    [
        ({"status": Status.STOPPED}, True),
        ({"status": Status.INTERRUPTED}, True),
        ({"finish_reason": "length"}, True),
        ({"status": Status.FAILED, "error": "cut_off"}, True),
        ({"status": Status.FAILED, "error": "timeout"}, True),
        ({"status": Status.FAILED, "error": "connection_lost"}, True),
        ({"status": Status.FAILED, "error": "bad_request"}, False),
        ({"status": Status.FAILED, "error": "context_length"}, False),
        ({"status": Status.STOPPED, "text": ""}, False),
        ({"finish_reason": "length", "text": ""}, False),
        ({"finish_reason": "content_filter"}, False),
    ],
)
def test_an_answer_with_text_that_broke_off_can_go_on(talk, made, can_continue):
    answer(talk, **made)

    notice = exchanges_of(talk)[0].turns[1].notice

    assert ("continue" in notice.actions) is can_continue
    assert "retry" in notice.actions


def test_what_the_thread_went_on_from_cannot_be_continued(talk):
    answer(talk, status=Status.STOPPED)
    say(talk, Role.USER, "Thanks")

    assert exchanges_of(talk)[0].turns[1].notice.actions == ("retry",)


def test_the_summary_of_a_fresh_start_cannot_be_continued(alice):
    made = make_conversation(alice, beginning=Beginning.FRESH_START)
    say(made, Role.ASSISTANT, "Here's what", status=Status.STOPPED, origin=Origin.SUMMARY)

    assert exchanges_of(made)[0].turns[0].notice.actions == ("retry",)


@pytest.mark.parametrize(("is_last", "needs_answer"), [(True, True), (False, False)])
def test_a_message_of_the_person_that_ends_the_thread_needs_an_answer(talk, is_last, needs_answer):
    if not is_last:
        answer(talk)

    assert exchanges_of(talk)[0].turns[0].needs_answer is needs_answer


def test_a_deleted_message_has_nothing_to_say_nor_to_ask_for(talk):
    stopped = answer(talk, status=Status.STOPPED)
    stopped.deleted_at = timezone.now()
    stopped.save()
    question = say(talk, Role.USER, "Go on", deleted_at=timezone.now())

    turns = {turn.message.pk: turn for each in exchanges_of(talk) for turn in each.turns}

    assert turns[stopped.pk].notice is None
    assert not turns[question.pk].needs_answer


def test_a_failure_that_was_copied_does_not_claim_to_know_why(talk):
    original = answer(talk, "", Status.FAILED, error="server", error_detail="502")
    copy = say(talk, Role.ASSISTANT, "", status=Status.FAILED, copied_from=original)

    assert notice_of(copy).words == "This answer failed in the chat that it was copied from."


def test_what_is_wrong_with_an_answer_in_json_is_said(talk):
    found = answer(talk, finish_reason="stop")
    found.format_problem = "This is not JSON"
    cut = answer(talk, finish_reason="length")
    cut.format_problem = "The JSON was cut off."

    assert notice_of(found).words == "This is not JSON."
    assert notice_of(cut).words == "Stopped at the limit. The JSON was cut off."


# --- what it took ---------------------------------------------------------------------------


def facts(talk, *calls):
    made = answer(talk)
    for call in calls:
        Completion.objects.create(message=made, conversation=talk, model="m", **call)
    return exchanges_of(talk)[-1].turns[-1].facts


def test_a_continued_answer_took_the_sum_of_its_calls(talk):
    found = facts(
        talk,
        {
            "prompt_tokens": 100, "cached_tokens": 20, "completion_tokens": 5,
            "cost": Decimal("0.001"), "duration_ms": 1000, "finish_reason": "length",
            "is_estimated": False,
        },
        {
            "prompt_tokens": 110, "cached_tokens": 0, "completion_tokens": 7,
            "cost": Decimal("0.002"), "duration_ms": 500, "finish_reason": "stop",
            "is_estimated": False,
        },
    )  # fmt: skip

    assert (found.prompt_tokens, found.cached_tokens, found.completion_tokens) == (210, 20, 12)
    assert (found.cost, found.duration_ms) == (Decimal("0.003"), 1500)
    assert (found.finish_reason, found.is_estimated) == ("stop", False)


def test_a_sum_with_an_unknown_part_is_unknown(talk):
    found = facts(talk, {"cost": Decimal(1), "duration_ms": 5}, {"cost": None})

    assert (found.cost, found.duration_ms) == (None, None)


def test_a_sum_with_an_estimated_part_is_estimated(talk):
    found = facts(talk, {"cost": 1, "is_estimated": True}, {"cost": 1, "is_estimated": False})

    assert found.is_estimated


def test_without_a_call_there_are_no_facts(talk):
    assert facts(talk) is None


# --- whose it is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "fields", "name", "labels"),
    [
        (Role.USER, {}, "You", []),
        (Role.ASSISTANT, {"model": "gpt-4o"}, "Assistant, gpt-4o", []),
        (
            Role.ASSISTANT,
            {"origin": Origin.WRITTEN, "standing": Standing.PINNED},
            "Assistant",
            ["Written by hand", "Pinned"],
        ),
        (
            Role.SYSTEM,
            {"origin": Origin.WRITTEN, "standing": Standing.EXCLUDED},
            "System message",
            ["System message", "Written by hand", "Not sent: excluded"],
        ),
    ],
)
def test_a_turn_has_a_name_and_labels(talk, role, fields, name, labels):
    say(talk, role, "Words", **fields)

    turn = exchanges_of(talk)[-1].turns[-1]

    assert (turn.name, turn.labels) == (name, labels)


# --- comparing ------------------------------------------------------------------------------


def words(side):
    return [turn.message.text for turn in side.turns]


def test_a_comparison_has_two_versions_with_the_exchange_of_each(talk):
    one = talk.current_leaf
    answer(talk, "One")
    answer(talk, "And more")
    say(talk, Role.USER, "Thanks")
    talk.current_leaf = None
    other = say(talk, Role.USER, "Good day")
    answer(talk, "Two")

    left, right = compare(talk, one.pk, other.pk).sides

    assert (words(left), left.version.number, left.is_shown) == (
        ["Hello", "One", "And more"], 1, False,
    )  # fmt: skip
    assert (words(right), right.version.number, right.is_shown) == (["Good day", "Two"], 2, True)


def test_a_version_is_compared_as_it_was_left(talk):
    one = talk.current_leaf
    left = say(talk, Role.ASSISTANT, "Left here", one)
    say(talk, Role.ASSISTANT, "Newest", one)
    one.last_leaf = left
    one.save()
    talk.current_leaf = None
    other = say(talk, Role.USER, "Good day")

    assert words(compare(talk, one.pk, other.pk).sides[0]) == ["Hello", "Left here"]


def test_only_versions_of_one_turn_are_compared(talk):
    one = talk.current_leaf
    two = answer(talk, "One")

    assert compare(talk, one.pk, two.pk) is None
