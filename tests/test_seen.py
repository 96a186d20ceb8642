"""A call as one reads it, whoever reads it: the page and the admin show the same."""

import json
import uuid

import pytest
from django.utils import timezone

from conversations import accounting
from conversations.context import Context, Entry, Piece, State, canonical_json
from conversations.models import Completion, Message, Role, Summary
from conversations.seen import Line, seen_call, seen_draft, seen_of
from conversations.threads import branch_off, delete
from conversations.turns import make_draft
from tests.admin.ledger import charge
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    made = make_conversation(alice)
    for text in ("one", "two"):
        say(made, Role.USER, text)
        say(made, Role.ASSISTANT, f"about {text}")
    return made


def piece(message, **more):
    return Piece(message.pk, message.role, message.text, 6, **more)


def book(talk, *entries, message=None, **fields):
    """A call that sent these; without any, all of the talk."""
    thread = talk.messages.in_order() if not entries else ()
    whole = [Entry(piece(each), State.SENT) for each in thread]
    context = Context(tuple(entries or whole), 10)
    call = Completion.objects.create(
        **{
            "message": message,
            "conversation": talk,
            "user": talk.owner,
            "model": "m",
            "parameters": {"model": "m", "max_tokens": 9},
            "context": context.record(),
            "context_sha256": context.sha256(),
            "strategy": "fit",
            "estimated_prompt_tokens": 10,
            "ended_at": timezone.now(),
            "cost": 0,
            **fields,
        }
    )
    if call.ended_at:
        charge(call)
        accounting.book(call)
    return call


def told(call):
    return [(line.who, line.words, line.text, line.problem) for line in seen_call(call).seen.lines]


def literal(text, role="system", **more):
    return Piece(None, role, text, 6, **more)


# --- entries ----------------------------------------------------------------------------------


def test_entries_say_who_spoke_and_what_became_of_it(talk, alice):
    first, answer, *_ = talk.messages.in_order()
    other = say(make_conversation(alice), Role.USER, "elsewhere")
    system = say(talk, Role.SYSTEM, "Be brief.")
    call = book(
        talk,
        Entry(piece(system), State.SENT),
        Entry(literal("Here's what was discussed:\n\nTea.", summary=7), State.SENT, "the summary"),
        Entry(literal("Earlier messages:"), State.SENT, "what was found"),
        Entry(piece(other), State.RETRIEVED, "found by search", joins=True, label="\n\nuser:\n"),
        Entry(piece(first), State.LEFT_OUT, "over the limit"),
        Entry(piece(answer), State.PINNED),
        Entry(piece(answer), State.SUMMARISED, "in the summary"),
        Entry(piece(answer), State.EXCLUDED, "excluded by the person"),
        Entry(piece(answer), State.DOES_NOT_FIT, "over the limit"),
        Entry(literal("Go on.", "user"), State.SENT),
    )

    assert told(call) == [
        ("System message", "Sent", "Be brief.", ""),
        ("Summary", "Sent", "Here's what was discussed:\n\nTea.", ""),
        ("Instruction of this app", "Sent", "Earlier messages:", ""),
        ("Found by search", "Sent", "elsewhere", ""),
        ("User", "Left out: over the limit", "one", ""),
        ("Assistant", "Sent: pinned", "about one", ""),
        ("Assistant", "Left out: in the summary", "about one", ""),
        ("Assistant", "Excluded", "about one", ""),
        ("Assistant", "Does not fit: over the limit", "about one", ""),
        ("Instruction of this app", "Sent", "Go on.", ""),
    ]
    seen = seen_call(call).seen
    assert seen.lines[3].label == "user:"
    assert seen.in_short == (
        "5 sent, 1 retrieved, 1 left out, 1 summarised, 1 excluded, 1 does not fit"
    )


@pytest.mark.parametrize(
    ("text", "is_long"),
    [
        ("", False),
        ("short", False),
        ("1\n2\n3\n4", False),
        ("1\n2\n3\n4\n5", True),
        ("x" * 321, True),
    ],
)
def test_a_long_text_is_shown_in_part_at_first(text, is_long):
    assert Line(1, "User", State.SENT, 3, text).is_long is is_long


def test_texts_are_fetched_at_once_however_many_there_are(alice, django_assert_num_queries):
    talk = make_conversation(alice)
    for number in range(30):
        say(talk, Role.USER, f"number {number}")
    call = Completion.objects.get(pk=book(talk).pk)

    with django_assert_num_queries(1):
        seen_call(call)


# --- the proof ----------------------------------------------------------------------------------


def proof(call):
    found = seen_call(call).proof
    return found.verdict.value, found.words


def test_what_was_sent_is_proved(talk):
    assert proof(book(talk)) == (
        "proved",
        "Proved: the SHA-256 of these messages is that of the array that was sent.",
    )


def test_which_messages_changed_is_said(talk):
    call = book(talk)
    Message.objects.filter(text="two").update(text="owt")

    assert proof(call) == (
        "broken",
        "This is not what was sent: message 3 was changed since.",
    )
    Message.objects.filter(text="one").update(text="eno")
    assert proof(call)[1] == "This is not what was sent: messages 1, 3 were changed since."
    assert told(call)[0] == (
        *("User", "Sent", "eno"),
        "Changed since: this is not the text that was sent.",
    )


def test_what_is_gone_is_said(talk):
    call = book(talk)
    delete(Message.objects.get(text="two"))

    assert proof(call) == (
        "incomplete",
        "Cannot be shown whole: a message was deleted since; the rest is as it was sent.",
    )
    Message.objects.get(text="about two").delete()
    assert proof(call)[1] == (
        "Cannot be shown whole: a message was deleted since and a message is not there any more;"
        " the rest is as it was sent."
    )
    assert [problem for *_, problem in told(call)] == [
        *("", "", "Deleted since."),
        "Not there any more.",
    ]


def test_the_text_of_a_deleted_message_is_not_shown_even_where_it_was_changed(talk):
    call = book(talk)
    message = Message.objects.get(text="two")
    delete(message)
    Message.objects.filter(pk=message.pk).update(text="owt")

    assert told(call)[2] == ("User", "Sent", None, "Changed and deleted since.")


def test_a_call_without_a_record_proves_nothing(talk):
    call = book(talk, context=[], context_sha256="")

    assert proof(call) == ("unknown", "No messages were recorded for this call.")


def test_the_messages_of_another_person_are_never_shown(talk, bob):
    foreign = say(make_conversation(bob), Role.USER, "secret")
    call = book(talk, Entry(piece(foreign), State.SENT))

    assert told(call) == [("User", "Sent", None, "Not there any more.")]


def test_a_chat_that_is_deleted_takes_its_messages_along_but_in_its_own_calls(talk, alice):
    other = make_conversation(alice, deleted_at=timezone.now())
    message = say(other, Role.USER, "elsewhere")

    assert told(book(talk, Entry(piece(message), State.SENT)))[0][2:] == (None, "Deleted since.")
    assert told(book(other, Entry(piece(message), State.SENT)))[0][2:] == ("elsewhere", "")


# --- the body -----------------------------------------------------------------------------------


def test_the_body_can_be_sent_again_as_it_is(talk):
    body = seen_call(book(talk)).seen.body

    assert json.loads(body) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "about one"},
            {"role": "user", "content": "two"},
            {"role": "assistant", "content": "about two"},
        ],
        "max_tokens": 9,
    }
    assert body.startswith('{\n  "model": "m",\n  "messages": [')


@pytest.mark.parametrize("change", [{"text": "owt"}, {"deleted_at": timezone.now()}])
def test_there_is_no_body_where_it_cannot_be_had_whole(talk, change):
    call = book(talk)
    Message.objects.filter(text="two").update(**change)

    assert seen_call(call).seen.body == ""


# --- facts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "actual", "difference"),
    [
        ({"prompt_tokens": 12, "is_estimated": False}, 12, "+2 (+20.0%)"),
        ({"prompt_tokens": 9, "is_estimated": False}, 9, "-1 (-10.0%)"),
        ({"prompt_tokens": 10, "is_estimated": False}, 10, "+0 (+0.0%)"),
        ({"prompt_tokens": 10, "is_estimated": True}, None, ""),
        ({"prompt_tokens": 0, "is_estimated": False}, None, ""),
        ({"prompt_tokens": 12, "is_estimated": False, "ended_at": None}, None, ""),
        (
            {"prompt_tokens": 12, "is_estimated": False, "estimated_prompt_tokens": 0},
            *(12, "+12"),
        ),
    ],
)
def test_the_estimate_is_set_against_what_the_provider_told(talk, fields, actual, difference):
    shown = seen_call(book(talk, **fields))

    assert (shown.actual, shown.difference) == (actual, difference)


def test_a_strategy_is_called_by_its_label_or_by_its_name(talk):
    assert seen_call(book(talk)).seen.strategy == "As much as fits"
    assert seen_call(book(talk, strategy="long_gone")).seen.strategy == "long_gone"


def test_an_error_is_said_in_words(talk):
    assert seen_call(book(talk, error="rate_limit")).error.startswith("The provider is rate-limit")
    assert seen_call(book(talk)).error == ""


# --- attempts -----------------------------------------------------------------------------------


def test_the_newest_of_the_calls_of_an_answer_is_shown_first(talk):
    answer = talk.current_leaf
    calls = [
        book(talk, message=answer, error="rate_limit"),
        book(talk, message=answer, finish_reason="length"),
        book(talk, message=answer, text_begin=5, ended_at=None),
    ]

    shown = seen_of(answer)

    assert (shown.call, shown.number) == (calls[2], 3)
    assert [(each.call.pk, each.words) for each in shown.attempts] == [
        (calls[0].pk, "rate-limited"),
        (calls[1].pk, "length"),
        (calls[2].pk, "continued, running"),
    ]
    earlier = seen_of(answer, calls[0].pk)
    assert (earlier.call, earlier.number) == (calls[0], 1)


def test_only_calls_of_the_answer_are_shown(talk):
    answer = talk.current_leaf
    other = book(talk)

    assert seen_of(answer) is None
    assert seen_of(answer, other.pk) is None


def test_a_copy_has_the_calls_that_its_original_had_then_and_its_own(talk):
    first = book(talk, message=talk.current_leaf)
    branch = branch_off(talk, talk.current_leaf)
    copy = branch_off(branch, branch.messages.get(pk=branch.current_leaf_id)).current_leaf
    book(talk, message=talk.current_leaf, text_begin=9)

    shown = seen_of(copy)
    assert ([each.call for each in shown.attempts], shown.is_of_original) == ([first], True)

    own = book(copy.conversation, message=copy, text_begin=9)
    shown = seen_of(copy)
    assert ([each.call for each in shown.attempts], shown.is_of_original) == ([first, own], False)


# --- summaries and drafts -----------------------------------------------------------------------


@pytest.fixture
def summary(talk):
    wrote = book(talk, purpose="summary")
    through = talk.messages.get(text="about one")
    return Summary.objects.create(conversation=talk, through=through, text="Tea.", call=wrote)


def test_a_summary_leads_to_the_call_that_wrote_it(talk, summary):
    call = book(talk, Entry(literal("Tea.", summary=summary.pk), State.SENT))

    [line] = seen_call(call).seen.lines

    assert (line.summarised.conversation, line.summarised.call) == (talk.pk, summary.call_id)


def test_a_summary_leads_nowhere_once_its_chat_is_gone(talk, summary):
    call = book(talk, Entry(literal("Tea.", summary=summary.pk), State.SENT))
    talk.deleted_at = timezone.now()
    talk.save(update_fields=["deleted_at"])

    assert seen_call(call).seen.lines[0].summarised is None


def test_a_draft_is_its_request_with_what_becomes_of_each_message(talk, prices):
    path = list(talk.messages.in_order())

    draft = make_draft(talk, path, "three")
    seen = seen_draft(draft, talk.owner_id)

    assert [(line.number, line.who, line.words) for line in seen.lines] == [
        (1, "User", "Sent"),
        (2, "Assistant", "Sent"),
        (3, "User", "Sent"),
        (4, "Assistant", "Sent"),
        (5, "Your message", "Sent"),
    ]
    assert canonical_json(json.loads(seen.body)) == canonical_json(draft.request.body())
    assert dict(seen.parameters)["stream"] == "true"


def test_a_draft_without_a_word_says_so(talk, prices):
    seen = seen_draft(make_draft(talk, [], ""), talk.owner_id)

    assert [(line.who, line.problem) for line in seen.lines] == [
        ("Your message", "Nothing is written yet.")
    ]


def test_an_unknown_message_has_no_call(talk):
    assert seen_of(Message(pk=uuid.uuid4(), conversation=talk, owner=talk.owner)) is None
