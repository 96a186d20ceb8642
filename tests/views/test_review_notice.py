"""Everybody is told in the app that what they write can be reviewed."""

from html import escape

import pytest

from conversations.models import REVIEW_NOTICE, SiteText
from tests.people import make_conversation

NASTY = "<b>Staff</b> read & {{ this }}\n\nso be kind"


def notice(html: str) -> str:
    return html.partition('<p class="sidebar__notice">')[2].partition("</p>")[0]


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def pages(page, alice):
    talk = make_conversation(alice)
    return [page.get(address).content.decode() for address in ("/", f"/c/{talk.pk}/")]


def test_by_default_in_our_words_on_every_chat_page(pages):
    assert {notice(html) for html in pages} == {REVIEW_NOTICE}


@pytest.mark.parametrize("words", ["", " \n"])
def test_a_blank_text_leaves_the_default_words(page, words):
    SiteText.objects.create(review_notice=words)

    assert notice(page.get("/").content.decode()) == REVIEW_NOTICE


def test_in_staffs_words_as_plain_text(page):
    SiteText.objects.create(review_notice=NASTY)

    assert notice(page.get("/").content.decode()) == escape(NASTY)


def test_not_in_the_rows_that_are_asked_for_again_and_again(page):
    assert "sidebar__notice" not in page.get("/sidebar/").content.decode()
