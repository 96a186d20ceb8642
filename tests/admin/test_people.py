"""Accounts in the admin: everything about one taken away, erased, deleted."""

import json
from html import escape

import pytest
from asgiref.sync import sync_to_async
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from conversations import accounting
from conversations.models import (
    Completion,
    Conversation,
    DayUsage,
    Look,
    Message,
    Role,
    Status,
    TranscriptView,
)
from conversations.review import erasing
from tests.admin.ledger import make_talk
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, words
from tests.people import PASSWORD, make_person, say
from tests.review.planted import figures, places_of, plant

NASTY = '<script>alert("1")</script>'
PEOPLE = "/admin/auth/user/"
READING = ("view_user", "change_user", "view_transcript")


def page(person, act: str) -> str:
    return f"{PEOPLE}{person.pk}/{act}/"


# --- export -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_everything_is_streamed_as_a_file_and_noted(async_client, alice, carol):
    await sync_to_async(make_talk)(alice, "How long?")
    await async_client.aforce_login(carol)

    response = await async_client.get(page(alice, "export"))
    told = json.loads(b"".join([piece async for piece in response.streaming_content]))

    assert told["conversations"][0]["messages"][0]["text"] == "How long?"
    assert response["Content-Disposition"].startswith(f'attachment; filename="person-{alice.pk}-')
    view = await TranscriptView.objects.aget()
    assert (view.owner_name, view.reader_name, view.how) == ("alice", "carol", Look.PERSON)


@pytest.mark.parametrize("rights", [(), READING, (*READING, "view_flag", "view_note")])
def test_who_is_no_superuser_takes_nothing_away(staff_with, alice, rights):
    client = staff_with(*rights)

    assert client.get(page(alice, "export")).status_code == 403
    assert not TranscriptView.objects.exists()


def test_superusers_alone_are_offered_it_and_to_erase(staff, staff_with, alice):
    found = []
    for client in (lambda: staff, lambda: staff_with(*READING)):
        html = client().get(page(alice, "change")).content.decode()
        found.append((page(alice, "export") in html, page(alice, "erase") in html))

    assert found == [(True, True), (False, False)]


# --- erasing ----------------------------------------------------------------------------------


def test_the_page_says_in_numbers_what_goes_and_what_stays(staff, alice):
    plant(alice)

    said = words(staff.get(page(alice, "erase")).content.decode())

    assert "the content of 1 conversation: 3 messages" in said
    assert "1 preset " in said
    assert "the figures of 2 calls: $0.0020" in said
    assert f"a row called erased-{alice.pk} that nobody can sign in with" in said
    assert Message.objects.count() == 3


def test_everything_is_erased_when_the_page_is_answered(staff, alice):
    plant(alice)
    before = figures()

    response = staff.post(page(alice, "erase"), follow=True)

    assert f"The account is now erased-{alice.pk}." in words(response.content.decode())
    assert (places_of(), figures()) == (set(), before)
    assert LogEntry.objects.get().object_repr == f"erased-{alice.pk}"


def test_a_name_that_was_changed_here_is_erased_wherever_it_is(staff, alice, carol):
    talk = make_talk(carol)
    talk.notes.create(author=carol, author_name="carol", text="Handed it over to alice: you know")
    form = {"username": "alicia", "date_joined_0": "2026-11-03", "date_joined_1": "10:00:00"}
    assert staff.post(page(alice, "change"), form).status_code == 302

    staff.post(page(alice, "erase"))

    assert (places_of("alice"), places_of("alicia")) == (set(), set())
    assert talk.notes.get().text == f"Handed it over to erased-{alice.pk}: you know"


@pytest.mark.parametrize("query", ["username__startswith", "is_staff__exact", "email"])
def test_an_address_that_no_database_can_hold_leads_to_the_list(staff, query):
    response = staff.get(PEOPLE, {query: "\x00"})

    assert (response.status_code, response.url) == (302, f"{PEOPLE}?e=1")


def test_what_is_left_of_an_erased_chat_can_be_looked_at(staff, alice):
    talk = plant(alice)
    call = talk.completions.get(purpose="answer")

    staff.post(page(alice, "erase"))

    read = words(staff.get(f"{CONVERSATIONS}{talk.pk}/change/").content.decode())
    seen = words(staff.get(f"{COMPLETIONS}{call.pk}/seen/").content.decode())
    assert "Its content was removed on" in read
    assert "$0.0020" in read
    assert "The chat's content was removed: lengths, hashes and tokens" in seen


@pytest.mark.parametrize("act", ["erase", "delete"])
def test_only_superusers_erase_and_delete(staff_with, alice, act):
    client = staff_with(*READING, "delete_user")

    assert client.get(page(alice, act)).status_code == 403
    assert client.post(page(alice, act), {"post": "yes"}).status_code == 403
    alice.refresh_from_db()
    assert alice.is_active


@pytest.mark.parametrize("act", ["erase", "delete"])
def test_nobody_erases_or_deletes_themselves(staff, carol, act):
    assert staff.post(page(carol, act), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("act", ["erase", "delete"])
def test_what_cannot_be_erased_now_is_said(staff, alice, monkeypatch, act):
    monkeypatch.setattr(erasing, "PATIENCE", 0)
    talk = make_talk(alice)
    say(talk, Role.ASSISTANT, "So", status=Status.STREAMING)

    response = staff.post(page(alice, act), {"post": "yes"}, follow=True)

    assert "An answer to alice is still being written." in words(response.content.decode())
    assert (User.objects.filter(username="alice").count(), talk.messages.count()) == (1, 3)


def test_a_name_is_escaped_on_both_pages(staff):
    person = make_person(NASTY)

    for act in ("erase", "delete", "change"):
        html = staff.get(page(person, act)).content.decode()

        assert (NASTY in html, escape(NASTY) in html) == (False, True)


# --- deleting ---------------------------------------------------------------------------------


def test_deleting_says_in_numbers_what_goes_and_that_erasing_is_better(staff, alice):
    plant(alice)

    said = words(staff.get(page(alice, "delete")).content.decode())

    assert "the content of 1 conversation: 3 messages" in said
    assert "Mostly it is better to erase" in said
    assert "css/admin.css" in staff.get(page(alice, "delete")).content.decode()
    assert Conversation.objects.count() == 1


def test_deleting_leaves_the_money_without_a_name_and_no_word(staff, alice, bob):
    plant(alice)
    make_talk(bob)
    costs = list(Completion.objects.order_by("pk").values_list("pk", "cost", "prompt_tokens"))

    staff.post(page(alice, "delete"), {"post": "yes"})

    assert not User.objects.filter(pk=alice.pk).exists()
    assert places_of() == set()
    assert costs == list(
        Completion.objects.order_by("pk").values_list("pk", "cost", "prompt_tokens")
    )
    assert Completion.objects.filter(user=None, conversation=None).count() == 2
    assert sum(DayUsage.objects.filter(user=None).values_list("calls", flat=True)) == 2
    assert accounting.audit() == []
    assert LogEntry.objects.get().object_repr == f"erased-{alice.pk}"


def test_two_who_are_deleted_leave_a_clean_ledger(staff, alice, bob):
    for person in (alice, bob):
        make_talk(person)
        staff.post(page(person, "delete"), {"post": "yes"})

    assert DayUsage.objects.filter(user=None).count() == 2
    assert accounting.audit() == []


def test_people_are_deleted_one_by_one(staff, alice):
    html = staff.get(PEOPLE).content.decode()

    assert "delete_selected" not in html


def test_accounts_are_made_and_changed_as_ever(staff):
    new = {"username": "dora", "usable_password": "true"}
    staff.post(f"{PEOPLE}add/", new | {"password1": PASSWORD, "password2": PASSWORD})

    dora = User.objects.get(username="dora")
    assert dora.check_password(PASSWORD)
    assert staff.get(page(dora, "change")).status_code == 200
