"""The queue of flags, and flagging from the list of conversations."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.admin.review import conversations
from conversations.models import Conversation, Flag, FlagReason
from conversations.review import flags, notes
from tests.admin.ledger import make_talk
from tests.admin.pages import CONVERSATIONS, choices, column, rows, words
from tests.admin.reviewing import FLAGS, NASTY, address, make_reviewer
from tests.people import make_person

TALK, PERSON, REASON, WORDS, RAISED_BY, RAISED_AT, REVIEWER, STATE, OUTCOME = range(9)


@pytest.fixture
def talk(alice):
    return make_talk(alice)


@pytest.fixture
def three(talk, carol):
    """Two unresolved, one of them carol's, and one that is resolved."""
    flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.", talk.messages.last())
    mine = flags.raise_flag(talk, carol, FlagReason.COST)
    done = flags.raise_flag(talk, carol, FlagReason.PRAISE)
    flags.take(Flag.objects.filter(pk=mine.pk), carol)
    flags.resolve(Flag.objects.filter(pk=done.pk), carol, "Kept.")
    return [mine, done]


def reasons(client, **query):
    return column(client.get(FLAGS, query), REASON)


WRONG, COST, PRAISE = (
    "wrong or misleading answer (one turn)",
    "unusual cost (the whole)",
    "good example (the whole)",
)


def test_a_row_says_what_is_to_be_looked_at_and_leads_there(staff, talk, three):
    response = staff.get(FLAGS)

    row = rows(response)[0]
    assert row[:RAISED_AT] == ["Tea", "alice", WRONG, "Four minutes.", "carol"]
    assert row[REVIEWER:] == ["-", "unresolved", "-"]
    flag = Flag.objects.get(reason="wrong")
    assert f'href="{address(talk)}#message-{flag.message_id}"' in response.content.decode()


def test_the_queue_is_what_is_unresolved_the_oldest_first(staff, three):
    assert reasons(staff) == [WRONG, COST]
    assert reasons(staff, state="resolved") == [PRAISE]
    assert reasons(staff, state="all") == [WRONG, COST, PRAISE]
    assert choices(staff.get(FLAGS), "state") == ["Unresolved", "Resolved", "All"]


def test_filters_narrow_the_queue(staff, three, carol):
    assert reasons(staff, reviewer=str(carol.pk)) == [COST]
    assert reasons(staff, reviewer="nobody") == [WRONG]
    assert reasons(staff, reason__exact="wrong") == [WRONG]
    assert choices(staff.get(FLAGS), "reviewer") == ["All", "Mine", "Nobody's"]


@pytest.mark.parametrize("query", [{"state": "x"}, {"reviewer": "x"}])
def test_a_filter_that_makes_no_sense_is_refused_politely(staff, query):
    assert staff.get(FLAGS, query).url == f"{FLAGS}?e=1"


def test_people_are_found(staff, three):
    assert reasons(staff, q="ALI") == [WRONG, COST]
    assert reasons(staff, q="bob") == []


def act(client, action, chosen, **more):
    form = {"action": action, "_selected_action": [one.pk for one in chosen], **more}
    return client.post(f"{FLAGS}?state=all", form)


def test_flags_are_taken(staff, three, carol):
    act(staff, "take_selected", Flag.objects.all())

    taken = Flag.objects.filter(reviewer=carol).order_by("pk")
    assert [flag.reason for flag in taken] == ["wrong", "cost"]


def test_resolving_asks_for_the_outcome_first(staff, three, carol):
    asking = act(staff, "resolve_selected", three)

    assert "Outcome:" in words(asking.content.decode())
    assert "unusual cost: Tea, alice" in words(asking.content.decode())
    assert Flag.objects.unresolved().count() == 2

    act(staff, "resolve_selected", three, asked="1", outcome="Looked into it.")

    assert {flag.outcome for flag in Flag.objects.exclude(resolved_at=None)} == {
        "Looked into it.",
        "Kept.",
    }


def test_without_an_outcome_it_is_asked_for_again(staff, three):
    html = act(staff, "resolve_selected", three, asked="1", outcome="").content.decode()

    assert "This field is required." in html
    assert Flag.objects.unresolved().count() == 2


@pytest.mark.parametrize("action", ["take_selected", "resolve_selected"])
def test_without_the_right_nothing_is_done(client, three, action):
    client.force_login(make_reviewer("dora", "view_flag"))

    act(client, action, Flag.objects.all(), asked="1", outcome="x")

    assert Flag.objects.unresolved().count() == 2
    assert not Flag.objects.filter(reviewer__username="dora").exists()


def test_a_flag_has_no_page_but_its_place(staff, talk, three):
    flag = Flag.objects.get(reason="cost")

    assert staff.get(f"{FLAGS}{flag.pk}/change/").url == f"{address(talk)}#flags"
    assert staff.get(f"{FLAGS}{'9' * 30}/change/").status_code == 404
    answers = [staff.get(f"{FLAGS}add/"), staff.post(f"{FLAGS}{flag.pk}/delete/", {"post": "yes"})]
    assert [each.status_code for each in answers] == [403, 403]


def test_the_queue_asks_as_often_for_thirty_rows_as_for_three(staff, alice, carol, three):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            staff.get(FLAGS)
        return len(asked)

    queries()
    few = queries()
    for number in range(30):
        person = make_person(f"p{number}")
        flag = flags.raise_flag(make_talk(person), person, FlagReason.WRONG)
        flags.take(Flag.objects.filter(pk=flag.pk), person)

    assert queries() == few


def test_words_stay_text(staff, alice, carol):
    flags.raise_flag(make_talk(alice, title=NASTY), carol, FlagReason.OTHER, NASTY)

    pages = [staff.get(FLAGS), act(staff, "resolve_selected", Flag.objects.all())]

    for html in (page.content.decode() for page in pages):
        assert (NASTY in html, "&lt;script&gt;" in html) == (False, True)


# --- from the list of conversations --------------------------------------------------------------


def flag_from_list(client, talks, **more):
    form = {"action": "flag_selected", "_selected_action": [talk.pk for talk in talks], **more}
    return client.post(CONVERSATIONS, form)


def test_conversations_are_flagged_together(staff, talk, bob, carol):
    talks = [talk, make_talk(bob)]

    asking = flag_from_list(staff, talks)
    assert "2 selected: Tea Tea" in words(asking.content.decode())
    assert Flag.objects.count() == 0

    flag_from_list(staff, talks, asked="1", reason="personal", words="A number.")

    found = Flag.objects.all()
    assert {flag.conversation for flag in found} == set(talks)
    assert {(flag.reason, flag.words, flag.raised_by) for flag in found} == {
        ("personal", "A number.", carol)
    }


def test_what_was_removed_is_not_flagged_and_that_is_said(staff, talk, bob):
    gone = make_talk(bob)
    Conversation.objects.filter(pk=gone.pk).update(erased_at=gone.created_at)

    flag_from_list(staff, [talk, gone], asked="1", reason="cost")

    said = [str(message) for message in staff.get(CONVERSATIONS).context["messages"]]
    assert Flag.objects.get().conversation == talk
    assert said == ["1 conversation flagged.", f"1 conversation not flagged: {notes.REMOVED}"]


def test_ones_own_reason_needs_words(staff, talk):
    html = flag_from_list(staff, [talk], asked="1", reason="other", words="").content.decode()

    assert ("Say what it is." in html, Flag.objects.count()) == (True, 0)


def test_not_too_many_at_once(staff, talk, bob, monkeypatch):
    monkeypatch.setattr(conversations, "MOST_AT_ONCE", 1)

    flag_from_list(staff, [talk, make_talk(bob)], asked="1", reason="cost")

    assert Flag.objects.count() == 0


def test_flagging_takes_its_right(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "view_transcript"))

    assert b"Flag selected" not in client.get(CONVERSATIONS).content
    flag_from_list(client, [talk], asked="1", reason="cost")

    assert Flag.objects.count() == 0


def test_without_the_right_to_read_it_asks_without_titles(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "add_flag"))

    html = flag_from_list(client, [talk]).content.decode()

    assert (">Tea<" in html, str(talk.pk) in html) == (False, True)
