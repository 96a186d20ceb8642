"""Who read what people said: logged, visible to those allowed, changed by nobody."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Look, TranscriptView
from conversations.review import looks
from tests.admin.ledger import make_talk
from tests.admin.pages import COMPLETIONS, column, rows, words
from tests.admin.reviewing import VIEWS, address, make_reviewer
from tests.people import make_person

READER, HOW, WHOSE, TALK = range(1, 5)


@pytest.fixture
def talk(alice):
    return make_talk(alice)


def logged():
    return [(view.reader_name, view.how) for view in TranscriptView.objects.order_by("pk")]


def test_each_view_of_the_page_is_one_row(staff, talk, carol):
    staff.get(address(talk))
    staff.get(address(talk))

    assert logged() == [("carol", "page"), ("carol", "page")]
    view = TranscriptView.objects.first()
    assert (view.conversation, view.reader, view.owner_name) == (talk, carol, "alice")


def test_ones_own_conversation_is_logged_as_well(staff, carol):
    staff.get(address(make_talk(carol)))

    assert logged() == [("carol", "page")]


def test_what_the_model_saw_is_logged_with_its_conversation(staff, talk):
    staff.get(f"{COMPLETIONS}{talk.completions.get().pk}/seen/")

    view = TranscriptView.objects.get()
    assert (view.how, view.conversation, view.owner_name) == ("seen", talk, "alice")


def test_a_page_shown_again_with_what_was_typed_is_a_view_too(staff, talk):
    staff.post(address(talk, "note"), {"text": ""})

    assert logged() == [("carol", "page")]


def test_figures_and_refusals_are_no_reading(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "add_flag"))
    client.get(address(talk))
    client.get(address(talk, "usage"))
    client.get(address(talk, "markdown"))
    client.get(f"{COMPLETIONS}{talk.completions.get().pk}/seen/")
    client.post(address(talk, "flag"), {"reason": "x"})

    assert logged() == []


def test_who_read_it_stands_beside_it_for_those_allowed(client, talk, carol):
    looks.log(talk, carol, Look.MARKDOWN)
    client.force_login(make_reviewer("dora", "view_conversation", "view_transcriptview"))

    html = client.get(address(talk)).content.decode()

    assert "Read by carol, Markdown export," in words(html)
    assert f'href="{VIEWS}?conversation_key={talk.pk}"' in html

    client.force_login(make_reviewer("erin", "view_conversation", "view_transcript"))
    assert "Read by" not in client.get(address(talk)).content.decode()


def test_the_log_of_one_conversation(staff, talk, bob, carol):
    looks.log(talk, carol, Look.PAGE)
    looks.log(make_talk(bob), carol, Look.PAGE)

    assert column(staff.get(VIEWS, {"conversation_key": str(talk.pk)}), WHOSE) == ["alice"]


def test_the_log_is_filtered_by_reader_owner_and_form(staff, talk, bob, carol):
    looks.log(talk, carol, Look.PAGE)
    looks.log(make_talk(bob), talk.owner, Look.JSON)

    def found(**query):
        return [row[READER : WHOSE + 1] for row in rows(staff.get(VIEWS, query))]

    first, second = ["carol", "Page", "alice"], ["alice", "JSON export", "bob"]
    assert found() == [second, first]
    assert found(reader_name="carol") == [first]
    assert found(owner_name="bob") == [second]
    assert found(how__exact="json") == [second]
    assert found(q="bob") == [second]


def test_titles_are_for_who_may_read(client, talk, carol):
    looks.log(talk, carol, Look.PAGE)

    client.force_login(make_reviewer("dora", "view_transcriptview"))
    assert column(client.get(VIEWS), TALK) == [str(talk.pk)]
    client.force_login(make_reviewer("erin", "view_transcriptview", "view_transcript"))
    assert column(client.get(VIEWS), TALK) == ["Tea"]


def test_it_names_what_is_not_there_any_more(staff, talk, carol):
    key = talk.pk
    looks.log(talk, carol, Look.PAGE)
    talk.delete()

    assert column(staff.get(VIEWS), TALK) == [str(key)]


def test_nobody_changes_it(staff, talk, carol):
    view = looks.log(talk, carol, Look.PAGE)
    answers = [
        staff.get(f"{VIEWS}add/"),
        staff.post(f"{VIEWS}{view.pk}/change/", {"reader_name": "bob"}),
        staff.post(f"{VIEWS}{view.pk}/delete/", {"post": "yes"}),
        staff.post(VIEWS, {"action": "delete_selected", "_selected_action": [view.pk]}),
    ]

    assert [each.status_code for each in answers[:3]] == [403, 403, 403]
    assert logged() == [("carol", "page")]


def test_it_takes_a_right_of_its_own(client, talk):
    client.force_login(make_reviewer("dora", "view_conversation", "view_transcript"))
    assert client.get(VIEWS).status_code == 403
    client.force_login(make_reviewer("erin", "view_transcriptview"))
    assert client.get(VIEWS).status_code == 200


def test_the_log_asks_as_often_for_thirty_rows_as_for_three(staff, alice, carol):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            staff.get(VIEWS)
        return len(asked)

    for number in range(33):
        if number == 3:
            queries()
            few = queries()
        looks.log(make_talk(make_person(f"p{number}")), carol, Look.PAGE)

    assert queries() == few
