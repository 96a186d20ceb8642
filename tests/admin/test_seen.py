"""Reviewers see what the model saw as its person does."""

import re
from html import unescape

import pytest

from conversations.context import Context, Entry, Piece, State
from conversations.models import Completion, Message, Role, Summary
from conversations.threads import delete
from tests.admin.ledger import book, make_talk
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, words
from tests.people import say


@pytest.fixture
def talk(alice, prices):
    return make_talk(alice, "How <i>long</i>?", call={"estimated_prompt_tokens": 12})


def record(*pieces):
    context = Context(tuple(Entry(piece, State.SENT) for piece in pieces), 12)
    return {
        "context": context.record(),
        "context_sha256": context.sha256(),
        "estimated_prompt_tokens": 12,
        "strategy": "fit",
    }


@pytest.fixture
def call(talk):
    """The call of the talk's one answer, with what it sent."""
    asked = talk.messages.get(role=Role.USER)
    sent = record(Piece(asked.pk, "user", asked.text, 8))
    talk.completions.update(**sent, parameters={"model": "gpt-4o-mini"})
    return talk.completions.get()


def page(call):
    return f"{COMPLETIONS}{call.pk}/seen/"


def test_the_messages_are_rebuilt_and_proved(staff, call):
    response = staff.get(page(call))

    said = words(response.content.decode())
    assert "Proved: the SHA-256 of these messages is that of the array that was sent." in said
    assert "1 User Sent 12 tokens How <i>long</i>?" in said
    assert "12 estimated · 100 actual · +88 (+733.3%)" in said
    assert "How <i>" not in response.content.decode()
    body = re.search(r"data-json[^>]*>(.*?)</pre>", response.content.decode(), re.S)[1]
    assert '"content": "How <i>long</i>?"' in unescape(body)


def test_a_message_that_was_tampered_with_is_shown_as_such(staff, call):
    Message.objects.filter(role=Role.USER).update(text="How short?")

    said = words(staff.get(page(call)).content.decode())

    assert "This is not what was sent: message 1 was changed since." in said


def test_a_deleted_message_is_not_shown(staff, call):
    delete(Message.objects.get(role=Role.USER))

    said = words(staff.get(page(call)).content.decode())

    assert "Deleted since." in said
    assert "How <i>long</i>?" not in said


def test_the_transcript_and_the_ledger_lead_there(staff, talk, call):
    for path in (f"{CONVERSATIONS}{talk.pk}/change/", f"{COMPLETIONS}{call.pk}/change/"):
        assert page(call) in staff.get(path).content.decode()


def test_attempts_and_summaries_lead_to_each_other(staff, talk, call):
    wrote = book(None, talk, purpose="summary", **record(Piece(None, "user", "Summarise.", 4)))
    summary = Summary.objects.create(
        conversation=talk, through=talk.current_leaf, text="Tea.", call=wrote
    )
    piece = Piece(None, "system", "Tea.", 2, summary=summary.pk)
    again = book(call.message, **record(piece), text_begin=5)

    html = staff.get(page(again)).content.decode()

    assert "Attempt 2 of 2 1: stop 2: continued, stop" in words(html)
    assert page(call) in html
    assert page(wrote) in html
    said = words(staff.get(page(wrote)).content.decode())
    assert "This call was made to write a summary of older messages." in said
    assert "Instruction of this app Sent 8 tokens Summarise." in said


def test_a_call_that_outlived_its_conversation_can_be_opened(staff, talk, call):
    talk.delete()

    said = words(staff.get(page(call)).content.decode())

    assert "Not there any more." in said


NASTY = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "entry", [{}, {"role": NASTY, "state": NASTY, "reason": NASTY}, {"state": "sent"}]
)
def test_a_record_of_any_form_can_be_opened(staff, call, entry):
    Completion.objects.update(context=[entry])

    response = staff.get(page(call))

    assert response.status_code == 200
    assert NASTY not in response.content.decode()


def test_a_stranger_is_sent_to_log_in(client, alice, call):
    assert client.get(page(call)).status_code == 302
    client.force_login(alice)
    assert client.get(page(call)).status_code == 302


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ((), 403),
        (("view_completion",), 403),
        (("view_conversation",), 403),
        (("view_transcript",), 403),
        (("view_completion", "view_conversation"), 403),
        (("view_completion", "view_transcript"), 200),
        (("view_conversation", "view_transcript"), 200),
    ],
)
def test_it_takes_the_right_to_read_and_a_way_there(staff_with, call, rights, status):
    assert staff_with(*rights).get(page(call)).status_code == status


def test_an_unknown_call_is_404(staff, db):
    assert staff.get(f"{COMPLETIONS}{'9' * 30}/seen/").status_code == 404


def test_a_literal_is_read_where_reading_is_logged_and_not_in_the_ledger(staff_with, talk):
    call = book(None, talk, **record(Piece(None, "system", "They spoke of tea.", 6)))
    client = staff_with("view_completion", "view_transcript")

    html = client.get(f"{COMPLETIONS}{call.pk}/change/").content.decode()

    assert "They spoke of tea." not in html
    assert "(see: what the model saw)" in html
    assert page(call) in html
    assert "They spoke of tea." in client.get(page(call)).content.decode()


def test_who_may_not_read_is_not_led_there(staff_with, talk):
    call = book(None, talk, **record(Piece(None, "system", "They spoke of tea.", 6)))

    html = staff_with("view_completion").get(f"{COMPLETIONS}{call.pk}/change/").content.decode()

    assert ("They spoke of tea." in html, page(call) in html) == (False, False)


def test_who_comes_from_a_conversation_is_led_nowhere_else(staff_with, call):
    html = staff_with("view_conversation", "view_transcript").get(page(call)).content.decode()

    assert f'href="{COMPLETIONS}' not in html.replace(f'href="{page(call)}', "")


def test_the_messages_of_others_are_not_looked_up(staff, talk, bob):
    foreign = say(make_talk(bob), Role.USER, "Bob's own words")
    call = book(None, talk, **record(Piece(foreign.pk, "user", foreign.text, 4)))

    assert "own words" not in staff.get(page(call)).content.decode()
