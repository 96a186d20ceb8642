"""The page of one conversation: flags, notes, hand-over, what it cost."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, Flag, FlagReason, Note, Role
from conversations.review import flags, notes
from tests.admin.ledger import ask, book, make_talk
from tests.admin.pages import words
from tests.admin.reviewing import NASTY, address, make_reviewer
from tests.people import make_conversation, say


@pytest.fixture
def talk(alice):
    return make_talk(alice)


@pytest.fixture
def flag(talk, carol):
    return flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.")


def shown(response) -> str:
    return words(response.content.decode())


def flag_form(html: str) -> str:
    return html.partition('id="flags"')[2].partition("</section>")[0]


def said(client, talk) -> list[str]:
    return [str(message) for message in client.get(address(talk)).context["messages"]]


# --- flags -----------------------------------------------------------------------------------


def test_a_turn_is_flagged_where_it_is_read(staff, talk, carol):
    answer = talk.messages.get(role=Role.ASSISTANT)
    form = {"message": str(answer.pk), "reason": "wrong", "words": "Four minutes."}

    response = staff.post(address(talk, "flag"), form)

    flag = Flag.objects.get()
    assert (flag.message, flag.reason, flag.words) == (answer, "wrong", "Four minutes.")
    assert (flag.raised_by, flag.raised_by_name) == (carol, "carol")
    assert (response.status_code, response.url) == (302, f"{address(talk)}#message-{answer.pk}")
    html = staff.get(address(talk)).content.decode()
    assert "Flagged." in html
    assert "Flag: wrong or misleading answer , unresolved: Four minutes." in words(html)
    assert f'href="#message-{answer.pk}">turn #2</a>' in html


def test_the_whole_conversation_is_flagged(staff, talk):
    response = staff.post(address(talk, "flag"), {"message": "", "reason": "cost", "words": ""})

    assert response.url == f"{address(talk)}#flags"
    assert "Unusual cost , the whole conversation · unresolved · raised by carol" in shown(
        staff.get(address(talk))
    )


@pytest.mark.parametrize("reason", ["", "unheard of"])
def test_a_reason_that_is_none_is_refused_and_the_words_are_kept(staff, talk, reason):
    response = staff.post(address(talk, "flag"), {"reason": reason, "words": "My <own> words"})

    assert (response.status_code, Flag.objects.count()) == (200, 0)
    html = response.content.decode()
    assert "My &lt;own&gt; words</textarea>" in html
    assert "Please correct the error below." in html


def test_a_reason_of_ones_own_needs_words_and_is_asked_for_again_of_its_turn(staff, talk):
    answer = talk.messages.get(role=Role.ASSISTANT)

    form = {"message": str(answer.pk), "reason": "other", "words": " "}
    html = staff.post(address(talk, "flag"), form).content.decode()

    form = flag_form(html)
    assert "Say what it is." in words(form)
    assert '<details class="review__act" open><summary>Flag turn #2</summary>' in form
    assert f'name="message" value="{answer.pk}"' in form
    assert Flag.objects.count() == 0


def test_a_turn_leads_to_the_form_that_flags_it(staff, talk):
    answer = talk.messages.get(role=Role.ASSISTANT)
    whole = staff.get(address(talk), {"_changelist_filters": "q=tea"}).content.decode()

    link = f"{address(talk)}?flag={answer.pk}&amp;_changelist_filters=q%3Dtea#flags"
    form = flag_form(staff.get(address(talk), {"flag": answer.pk}).content.decode())

    assert f'<a href="{link}" aria-label="Flag this turn, #2">Flag this turn</a>' in whole
    assert '<details class="review__act" open><summary>Flag turn #2</summary>' in form
    assert f'name="message" value="{answer.pk}"' in form


@pytest.mark.parametrize("key", ["foreign", "x", "3f1c1c2e-0000-4000-8000-000000000000", "a\x00b"])
def test_what_is_no_turn_of_it_is_passed_over(staff, talk, bob, key):
    key = str(make_talk(bob).messages.first().pk) if key == "foreign" else key

    form = flag_form(staff.get(address(talk), {"flag": key}).content.decode())

    assert '<details class="review__act"><summary>Flag the whole conversation</summary>' in form
    assert re.search(r'name="message"[^>]* value=', form) is None


@pytest.mark.parametrize("key", ["foreign", "x", "3f1c1c2e-0000-4000-8000-000000000000"])
def test_a_message_of_another_conversation_is_not_flagged_here(staff, talk, bob, key):
    foreign = make_talk(bob).messages.first()
    key = str(foreign.pk) if key == "foreign" else key

    response = staff.post(address(talk, "flag"), {"message": key, "reason": "cost"})

    assert (response.status_code, Flag.objects.count()) == (404, 0)


def test_a_flag_is_resolved_with_an_outcome(staff, talk, flag, carol):
    response = staff.post(address(talk, f"flags/{flag.pk}/resolve"), {"outcome": "Told them."})

    flag.refresh_from_db()
    assert response.url == f"{address(talk)}#flags"
    assert (flag.state, flag.outcome, flag.resolved_by) == ("resolved", "Told them.", carol)
    page = shown(staff.get(address(talk)))
    assert "No unresolved flags. Resolved flags (1)" in page
    assert "Told them." in page


def test_without_an_outcome_it_stays_unresolved(staff, talk, flag):
    html = staff.post(address(talk, f"flags/{flag.pk}/resolve"), {"outcome": ""}).content.decode()

    flag.refresh_from_db()
    assert flag.state == "unresolved"
    assert "This field is required." in html


def test_what_somebody_else_resolved_stays_theirs(staff, talk, flag, bob):
    flags.resolve(Flag.objects.all(), bob, "Bob's.")

    staff.post(address(talk, f"flags/{flag.pk}/resolve"), {"outcome": "Mine."})

    flag.refresh_from_db()
    assert flag.outcome == "Bob's."
    assert said(staff, talk) == ["It had been resolved already."]


def test_a_flag_of_another_conversation_is_404(staff, flag, bob):
    other = make_talk(bob)

    answers = [
        staff.post(address(other, f"flags/{flag.pk}/{act}"), {"outcome": "x", "why": "x"})
        for act in ("resolve", "hand-over")
    ]

    flag.refresh_from_db()
    assert [each.status_code for each in answers] == [404, 404]
    assert flag.state == "unresolved"


# --- hand-over and notes -----------------------------------------------------------------------


def test_a_flag_is_handed_over_with_a_note(staff, talk, flag):
    erin = make_reviewer("erin")

    staff.post(
        address(talk, f"flags/{flag.pk}/hand-over"), {"reviewer": erin.pk, "why": "You know tea."}
    )

    flag.refresh_from_db()
    assert flag.reviewer == erin
    assert said(staff, talk) == ["Handed over to erin."]
    page = shown(staff.get(address(talk)))
    assert "reviewer: erin" in page
    assert "Handed the flag “wrong or misleading answer” over to erin: You know tea." in page


@pytest.mark.parametrize("name", ["alice", "figures", "carol"])
def test_nobody_gets_it_who_could_not_settle_it_nor_oneself(staff, talk, flag, carol, name):
    people = {
        "alice": talk.owner,
        "figures": make_reviewer("figures", "view_conversation", "change_flag"),
        "carol": carol,
    }
    make_reviewer("erin")
    form = {"reviewer": people[name].pk, "why": "Some <reason>"}

    response = staff.post(address(talk, f"flags/{flag.pk}/hand-over"), form)

    flag.refresh_from_db()
    assert (response.status_code, flag.reviewer, Note.objects.count()) == (200, None, 0)
    assert "Some &lt;reason&gt;</textarea>" in response.content.decode()


def test_where_there_is_nobody_else_it_is_said(staff, talk, flag):
    assert "There is nobody else to hand it over to." in shown(staff.get(address(talk)))


def test_a_note_is_kept_with_its_author(staff, talk, carol):
    response = staff.post(address(talk, "note"), {"text": "Asked them.\nThey agree."})

    note = Note.objects.get()
    assert (note.conversation, note.author, note.text) == (talk, carol, "Asked them.\nThey agree.")
    assert response.url == f"{address(talk)}#notes"
    assert "Asked them. They agree." in shown(staff.get(address(talk)))


@pytest.mark.parametrize("text", ["", " ", "x" * 5001, "a\x00b"])
def test_a_note_that_cannot_be_kept_is_shown_again(staff, talk, text):
    response = staff.post(address(talk, "note"), {"text": text})

    assert (response.status_code, Note.objects.count()) == (200, 0)
    assert '<details class="review__act" open><summary>Write a note' in response.content.decode()


def test_what_anybody_wrote_stays_text(staff, talk, carol):
    for reason in (FlagReason.OTHER, FlagReason.COST):
        flags.raise_flag(talk, carol, reason, NASTY, talk.messages.first())
    flags.resolve(Flag.objects.filter(reason="cost"), carol, NASTY)
    notes.write(talk, carol, NASTY)
    talk.stop, talk.json_schema = [NASTY], {NASTY: NASTY}
    talk.save()

    html = staff.get(address(talk)).content.decode()

    assert NASTY not in html
    assert html.count("&lt;script&gt;alert(1)") >= 6


def test_after_a_login_in_between_one_is_back_at_the_conversation(client, carol, talk, flag):
    for act in ("flag", "note", f"flags/{flag.pk}/resolve", f"flags/{flag.pk}/hand-over"):
        client.logout()
        login = client.post(address(talk, act), {"text": "x"}).url
        client.force_login(carol)
        response = client.get(login.partition("next=")[2])

        assert (response.status_code, response.url) == (302, address(talk))


# --- removed -------------------------------------------------------------------------------------


def test_nothing_is_written_about_what_was_removed(staff, talk, flag):
    make = {"reviewer": make_reviewer("erin").pk, "why": "Tea.", "text": "Tea.", "outcome": "Tea."}
    Conversation.objects.update(erased_at=talk.created_at)

    for act in ("flag", "note", f"flags/{flag.pk}/resolve", f"flags/{flag.pk}/hand-over"):
        for form in ({**make, "reason": "cost"}, {}):
            assert staff.post(address(talk, act), form).url == address(talk)
            assert said(staff, talk) == [notes.REMOVED]

    flag.refresh_from_db()
    assert (Flag.objects.get(), Note.objects.count()) == (flag, 0)
    assert (flag.state, flag.reviewer, flag.outcome) == ("unresolved", None, "")
    html = staff.get(address(talk)).content.decode()
    assert re.findall(r"<form[^>]* action=\"[^\"]*/(?:flags?|note)/", html) == []
    assert "Flag this turn" not in html


# --- parameters and costs ------------------------------------------------------------------------


def test_the_page_says_how_the_conversation_is_asked(staff, alice):
    talk = make_conversation(
        alice,
        temperature=0.0,
        top_p=0.5,
        max_tokens=1200,
        seed=7,
        stop=["END"],
        response_format="json_schema",
        json_schema={"type": "object"},
        strategy="fit",
    )

    page = shown(staff.get(address(talk)))

    assert "Temperature 0.0 top_p 0.5 Max tokens 1,200 Seed 7" in page
    assert "Answers as JSON by a schema" in page
    assert 'Stop texts ["END"]' in page
    assert '"type": "object"' in page


def test_costs_are_drawn_and_stand_in_a_table(staff, talk):
    ask(talk, cost=Decimal("0.002"), model="gpt-5")
    book(None, talk, purpose="summary", cost=None)

    html = staff.get(address(talk)).content.decode()

    page = words(html)
    assert '<rect class="chart__bar chart__bar--1"' in html
    assert "1 call of unknown cost is not in the chart." in page
    assert "#2 gpt-4o-mini 1 100 20 $0.0010" in page
    assert "#4 gpt-5 1 100 20 $0.0020" in page
    assert "no turn gpt-4o-mini 1 100 20 cost unknown" in page


def test_without_a_call_there_is_no_chart(staff, alice):
    assert "Cost per turn" not in shown(staff.get(address(make_conversation(alice))))


def test_an_erased_conversation_shows_what_it_cost(staff, talk):
    talk.messages.all().delete()
    talk.refresh_from_db()
    talk.title, talk.erased_at = "", talk.created_at
    talk.save()

    page = shown(staff.get(address(talk)))

    assert "Its content was removed on" in page
    assert "no turn gpt-4o-mini 1 100 20 $0.0010" in page


# --- how it is built -----------------------------------------------------------------------------


def test_a_page_asks_as_often_for_thirty_turns_and_flags_as_for_three(staff, alice, carol):
    make_reviewer("erin")

    def talk_of(turns):
        talk = make_conversation(alice)
        for number in range(turns):
            ask(talk)
            flags.raise_flag(talk, carol, FlagReason.WRONG, str(number), talk.current_leaf)
            notes.write(talk, carol, str(number))
        return talk

    def queries(talk):
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(address(talk)).status_code == 200
        return len(asked)

    short, long = talk_of(3), talk_of(30)
    queries(short)

    assert queries(long) == queries(short)


def test_a_page_has_as_many_forms_for_fifty_turns_as_for_one(staff, talk):
    few = staff.get(address(talk)).content.decode().count("<form")
    for _ in range(25):
        ask(talk)

    html = staff.get(address(talk)).content.decode()

    assert (html.count("<form"), html.count(">Flag this turn</a>")) == (few, 52)


def test_every_field_has_a_label_and_no_id_comes_twice(staff, talk, flag):
    make_reviewer("erin")
    say(talk, Role.USER, "And matcha?")

    html = staff.get(address(talk)).content.decode()

    main = html.partition('id="content-main"')[2]
    fields = re.findall(r"<(?:select|textarea)[^>]* id=\"([^\"]+)\"", main)
    labels = re.findall(r"<label[^>]* for=\"([^\"]+)\"", main)
    ids = re.findall(r"\sid=\"([^\"]+)\"", html)
    assert len(fields) == 6
    assert sorted(fields) == sorted(labels)
    assert len(ids) == len(set(ids))
