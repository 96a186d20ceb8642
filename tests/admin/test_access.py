"""Who may see the admin, and what nobody may do in it."""

import re
from html import escape

import pytest

from conversations.models import Conversation
from tests.admin.ledger import make_talk
from tests.admin.pages import COMPLETIONS, CONVERSATIONS, PRESETS, PRICES
from tests.admin.reviewing import FLAGS, VIEWS
from tests.people import make_person

LISTS = [CONVERSATIONS, COMPLETIONS, PRICES, PRESETS, FLAGS, VIEWS]
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def talk(alice, prices):
    return make_talk(alice)


def pages(talk):
    call = talk.completions.get()
    return [
        *LISTS,
        f"{CONVERSATIONS}{talk.pk}/change/",
        f"{COMPLETIONS}{call.pk}/change/",
        f"{COMPLETIONS}export/",
    ]


def test_a_stranger_is_sent_to_log_in(client, talk):
    for page in pages(talk):
        response = client.get(page)

        assert (response.status_code, "login" in response.url) == (302, True)


def test_who_is_not_staff_is_sent_to_log_in(client, alice, talk):
    client.force_login(alice)

    for page in pages(talk):
        assert client.get(page).url == f"/admin/login/?next={page}"


def test_staff_without_rights_are_refused(staff_with, talk):
    client = staff_with()

    assert [client.get(page).status_code for page in pages(talk)] == [403] * 9


def test_staff_see_what_their_rights_name(staff_with, talk):
    client = staff_with("view_conversation")

    assert [client.get(page).status_code for page in pages(talk)] == [
        200, 403, 403, 403, 403, 403, 200, 403, 403,
    ]  # fmt: skip


@pytest.mark.parametrize("page", [CONVERSATIONS, COMPLETIONS])
def test_nobody_adds_to_what_is_only_read(staff, page):
    assert staff.get(f"{page}add/").status_code == 403


def test_nobody_changes_or_deletes_a_conversation(staff, talk):
    page = f"{CONVERSATIONS}{talk.pk}"

    answers = [
        staff.post(f"{page}/change/", {"title": "Mine"}).status_code,
        staff.post(f"{page}/delete/", {"post": "yes"}).status_code,
    ]

    assert answers == [403, 403]
    assert Conversation.objects.get().title == "Tea"


def test_nobody_changes_or_deletes_a_call(staff, talk):
    page = f"{COMPLETIONS}{talk.completions.get().pk}"

    answers = [
        staff.post(f"{page}/change/", {"cost": "0"}).status_code,
        staff.post(f"{page}/delete/", {"post": "yes"}).status_code,
    ]

    assert answers == [403, 403]


def test_a_message_has_no_page_of_its_own(staff, talk):
    assert staff.get("/admin/conversations/message/").status_code == 404


def test_the_header_names_the_site_and_leads_back_to_the_chat(staff):
    html = staff.get("/admin/").content.decode()

    assert re.search(r"<title>(.*?)</title>", html, re.S)[1] == "Site administration | Chatsite"
    assert '<a href="/">Back to the chat</a>' in html


def test_a_policy_holds_and_no_page_needs_an_exception(staff, talk):
    for page in pages(talk)[:-1]:
        response = staff.get(page)
        html = response.content.decode()

        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html) == []


def test_what_people_and_providers_wrote_is_escaped(staff, prices):
    person = make_person(NASTY)
    call = {
        "model": NASTY,
        "finish_reason": NASTY,
        "error": "bad_request",
        "error_detail": NASTY,
        "upstream_id": NASTY,
        "upstream_model": NASTY,
        "fingerprint": NASTY,
        "parameters": {"stop": NASTY},
        "context": [{"role": NASTY, "state": NASTY, "reason": NASTY}],
    }
    talk = make_talk(person, NASTY, call, title=NASTY, model=NASTY)

    shown = [page for page in pages(talk)[:-1] if page not in LISTS[2:]]
    for page in [*shown, f"{CONVERSATIONS}?_facets=True", f"{COMPLETIONS}?q={NASTY}"]:
        html = staff.get(page).content.decode()

        assert (NASTY in html, escape(NASTY) in html) == (False, True)


def test_the_key_is_on_no_page(staff, talk, settings):
    settings.OPENAI_API_KEY = "sk-test-0123456789abcdefghij"

    for page in [*pages(talk)[:-1], "/admin/"]:
        assert b"sk-test" not in staff.get(page).content


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_admin_says_where_the_demos_figures_come_from(client, carol, settings, is_demo):
    settings.DEMO_MODE = is_demo
    client.force_login(carol)

    html = client.get("/admin/").content.decode()

    assert ("its prices are made up" in html) is is_demo
