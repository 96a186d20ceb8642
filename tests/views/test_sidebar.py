from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Role
from conversations.views.sidebar import heading_for
from tests.people import make_conversation, say


@pytest.fixture
def page(alice, prices):
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice):
    return make_conversation(alice, title="Tea")


def rows(visitor, **query):
    return visitor.get("/sidebar/", query).content.decode()


def test_it_lists_ones_own_and_nobody_elses(page, talk, bob):
    make_conversation(bob, title="Secret plans")

    html = rows(page)

    assert "Tea" in html
    assert "Secret plans" not in html


@pytest.mark.parametrize(
    ("days", "heading"),
    [
        (-1, "Today"),
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Previous 7 days"),
        (7, "Previous 7 days"),
        (8, "Previous 30 days"),
        (30, "Previous 30 days"),
        (31, "October 2026"),
    ],
)
def test_conversations_are_grouped_by_when_they_were_used(days, heading):
    today = date(2026, 11, 21)

    assert heading_for(today - timedelta(days=days), today) == heading


def test_forty_rows_then_more(page, alice):
    for number in range(45):
        make_conversation(alice, title=f"Chat number {number:02}")

    assert "Chat number 44" in rows(page)
    assert "Chat number 04" not in rows(page)
    assert "Show more" in rows(page)
    assert "Show more" not in rows(page, page="2")
    assert "Chat number 00" in rows(page, page="2")


@pytest.mark.parametrize("nonsense", ["0", "-1", "x", "99999999999", "\uff11"])
def test_a_nonsense_page_is_the_first(page, talk, nonsense):
    assert "Tea" in rows(page, page=nonsense)


def test_search_finds_titles_and_words(page, talk):
    say(talk, Role.USER, "Where does Darjeeling grow?")

    assert "Tea" in rows(page, q="darjeeling")
    assert "Tea" in rows(page, q="te")
    assert "No chats match “&lt;b&gt;”." in rows(page, q="<b>")


def test_a_new_name_is_kept(page, talk):
    page.post(f"/c/{talk.pk}/rename/", {"title": "  Green\ntea "})

    talk.refresh_from_db()
    assert talk.title == "Green tea"


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_name_must_be_one(page, talk, title):
    response = page.post(f"/c/{talk.pk}/rename/", {"title": title})

    talk.refresh_from_db()
    assert (response.status_code, talk.title) == (422, "Tea")


def test_deleting_can_be_taken_back(page, talk):
    page.post(f"/c/{talk.pk}/delete/")
    gone = page.get(f"/c/{talk.pk}/").status_code

    page.post(f"/c/{talk.pk}/restore/")

    assert (gone, page.get(f"/c/{talk.pk}/").status_code) == (404, 200)


def test_deleting_again_is_the_same(page, talk):
    page.post(f"/c/{talk.pk}/delete/")
    talk.refresh_from_db()
    moment = talk.deleted_at

    again = page.post(f"/c/{talk.pk}/delete/")

    talk.refresh_from_db()
    assert (again.status_code, talk.deleted_at) == (200, moment)
    assert f"/c/{talk.pk}/restore/" in again.content.decode()


def test_taking_back_again_is_the_same(page, talk):
    page.post(f"/c/{talk.pk}/delete/")

    answers = [page.post(f"/c/{talk.pk}/restore/") for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert f"/c/{talk.pk}/" in answers[1].content.decode()


@pytest.mark.parametrize("act", ["rename", "delete", "restore"])
def test_what_was_removed_is_404_and_stays_removed(page, talk, act):
    now = timezone.now()
    Conversation.objects.update(title="", deleted_at=now, erased_at=now)

    assert page.post(f"/c/{talk.pk}/{act}/", {"title": "Mine"}).status_code == 404
    talk.refresh_from_db()
    assert (talk.title, talk.deleted_at) == ("", now)


@pytest.mark.parametrize("act", ["rename", "delete", "restore"])
def test_a_strangers_conversation_is_404(page, bob, act):
    foreign = make_conversation(bob)
    if act == "restore":
        Conversation.objects.update(deleted_at=timezone.now())

    assert page.post(f"/c/{foreign.pk}/{act}/", {"title": "Mine"}).status_code == 404
