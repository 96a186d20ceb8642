import uuid

import pytest
from django.test import Client
from django.utils.html import escape

from conversations.models import Completion, Conversation, Message, Role, Status
from tests.people import make_conversation, say


@pytest.fixture
def page(alice, prices):
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice):
    made = make_conversation(alice)
    say(made, Role.USER, "<script>alert(1)</script>")
    say(made, Role.ASSISTANT, "**Fine**", html="<p><strong>Fine</strong></p>\n")
    return made


def test_a_new_chat_stores_nothing(page):
    response = page.get("/")

    assert response.status_code == 200
    assert not Conversation.objects.exists()


def test_a_conversation_shows_its_words_escaped(page, talk):
    html = page.get(f"/c/{talk.pk}/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("whose", ["bob", "nobody", "deleted"])
def test_what_is_not_ones_own_is_404(page, talk, bob, whose):
    from django.utils import timezone

    foreign = make_conversation(bob)
    talk.deleted_at = timezone.now()
    talk.save()
    wanted = {"bob": foreign.pk, "nobody": uuid.uuid4(), "deleted": talk.pk}[whose]

    answers = [page.get(f"/c/{wanted}/"), page.get(f"/c/{wanted}/log/")]

    assert [each.status_code for each in answers] == [404, 404]


def test_without_a_session_a_page_leads_to_the_login(db, talk):
    response = Client().get(f"/c/{talk.pk}/")

    assert (response.status_code, response.url) == (302, f"/login/?next=/c/{talk.pk}/")


@pytest.mark.parametrize("path", ["/", "/login/", "/admin/login/", "/nowhere/"])
def test_a_strict_policy_is_in_force_everywhere(client, page, path):
    for visitor in (client, page):
        policy = visitor.get(path).headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_page_asks_the_database_as_often_however_long_it_is(
    page, talk, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    page.get(f"/c/{talk.pk}/")  # counts the tokens of what was stored without a turn
    with CaptureQueriesContext(connection) as short:
        page.get(f"/c/{talk.pk}/")
    queries = len(short)
    for number in range(6):
        say(talk, Role.USER, f"Question {number}")
        say(talk, Role.ASSISTANT, "Answer", html="<p>Answer</p>\n")
    page.get(f"/c/{talk.pk}/")

    with django_assert_num_queries(queries):
        page.get(f"/c/{talk.pk}/")


def test_a_running_answer_shows_what_was_stored_of_it(page, talk):
    question = say(talk, Role.USER, "Go on")
    say(talk, Role.ASSISTANT, "So far", question, status=Status.STREAMING, run=uuid.uuid4())

    html = page.get(f"/c/{talk.pk}/").content.decode()

    assert 'data-status="streaming"' in html
    assert 'data-position="6"' in html
    assert "So far" in html


@pytest.mark.parametrize(("reason", "shown"), [("stop", False), ("eos<b>", True), ("length", True)])
def test_a_finish_reason_is_shown_unless_it_is_stop(page, talk, reason, shown):
    Completion.objects.create(
        message=talk.current_leaf, conversation=talk, model="m", finish_reason=reason
    )

    html = page.get(f"/c/{talk.pk}/").content.decode()

    assert (f" · {escape(reason)}" in html) is shown


@pytest.mark.parametrize("path", ["/c/", "/estimate/"])
def test_what_changes_something_takes_no_get(page, path):
    assert page.get(path).status_code == 405


def test_health_needs_no_session(client, db):
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"database": True, "layer": True}


def test_an_old_rendering_is_made_anew(page, talk):
    Message.objects.filter(role=Role.ASSISTANT).update(html="<p>stale</p>", html_version=0)

    html = page.get(f"/c/{talk.pk}/").content.decode()

    assert "<strong>Fine</strong>" in html
    assert "stale" not in html
