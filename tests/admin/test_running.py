"""What runs now, whichever process has it: seen by who may, stopped by who may, never read."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Gate, Message, Status
from tests.admin.pages import rows, words
from tests.patience import PATIENCE
from tests.people import PASSWORD, make_conversation, say
from tests.site import Site
from tests.test_logging import Person
from tests.upstream_server import Gate as Hold
from tests.upstream_server import UpstreamServer, content, hang, role_chunk

RUNNING = "/admin/conversations/runninganswer/"
HOME = uuid.UUID("12345678-1234-4234-8234-123456789abc")


def answering(owner, status=Status.STREAMING, seconds=0, title="Tea", **fields):
    now = timezone.now()
    given = {
        "status": status,
        "model": "gpt-4o-mini",
        "run": uuid.uuid4() if status == Status.STREAMING else None,
        "home": HOME,
        "beat": now,
        "queued_at": now - timedelta(seconds=seconds),
    }
    conversation = make_conversation(owner, title=title)
    return say(conversation, "assistant", fields.pop("text", ""), **given | fields)


@pytest.fixture
def streaming(alice):
    return answering(alice, seconds=70, text="Nobody reads this here")


def test_a_streaming_answer_is_a_row(staff, streaming, alice):
    streaming.completions.create(
        conversation=streaming.conversation, user=alice, model="gpt-4o-mini"
    )

    [row] = rows(staff.get(RUNNING))

    assert row[:4] == ["alice", "Tea", "gpt-4o-mini", "Streaming."]
    assert row[4].startswith("1 min 1")
    assert row[5:7] == ["22", "1"]
    assert row[8:] == ["12345678", "Stop"]


def test_those_in_line_say_what_they_wait_for(staff, alice, bob, settings):
    settings.MAX_CALLS = 1
    answering(bob)
    for seconds in (50, 40):
        answering(alice, Status.QUEUED, seconds)
    later = timezone.now() + timedelta(seconds=29)
    answering(bob, Status.QUEUED, 30, not_before=later, wait="rate_limit")
    Gate.objects.get_or_create(pk=1)

    found = [row[3] for row in rows(staff.get(RUNNING))]

    assert found[:3] == ["Streaming.", "Queued, 1st in line.", "Queued, 2nd in line."]
    assert found[3].startswith("The provider is rate-limiting us. Trying again in 2")


def test_what_has_ended_is_not_there(staff, alice):
    answering(alice, Status.COMPLETE)

    assert rows(staff.get(RUNNING)) == []


def test_nothing_that_was_said_is_shown(staff, streaming):
    assert "Nobody reads" not in staff.get(RUNNING).content.decode()


@pytest.mark.parametrize("page", ["change/", "history/", "delete/"])
def test_an_answer_has_no_page_of_its_own(staff, streaming, page):
    response = staff.get(f"{RUNNING}{streaming.pk}/{page}")

    assert response.status_code in {302, 403}
    assert "Nobody reads" not in response.content.decode()


def test_a_title_is_for_who_may_read_transcripts(staff_with, streaming):
    [row] = rows(staff_with("view_runninganswer", "view_conversation").get(RUNNING))

    assert row[1] == str(streaming.conversation_id)
    assert "Stop" not in row


def test_the_number_of_queries_does_not_grow(staff, alice, django_assert_max_num_queries):
    for _ in range(5):
        answering(alice, Status.QUEUED)
    staff.get(RUNNING)

    with django_assert_max_num_queries(16):
        staff.get(RUNNING)


# --- who may do what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "sees", "stops"),
    [
        ((), 403, 403),
        (("view_conversation", "view_transcript", "view_completion"), 403, 403),
        (("stop_runninganswer",), 403, 403),
        (("view_runninganswer",), 200, 403),
        (("view_runninganswer", "stop_runninganswer"), 200, 302),
    ],
)
def test_seeing_and_stopping_are_rights_of_their_own(
    transactional_db, staff_with, streaming, rights, sees, stops
):
    browser = staff_with(*rights)

    assert browser.get(RUNNING).status_code == sees
    assert browser.post(f"{RUNNING}{streaming.pk}/stop/").status_code == stops
    streaming.refresh_from_db()
    assert streaming.stop_asked == (stops == 302)


def test_who_is_no_staff_is_sent_to_sign_in(client, alice, streaming):
    client.force_login(alice)

    assert client.get(RUNNING).status_code == 302
    assert client.post(f"{RUNNING}{streaming.pk}/stop/").status_code == 302
    streaming.refresh_from_db()
    assert not streaming.stop_asked


def test_a_link_stops_nothing(staff, streaming):
    assert staff.get(f"{RUNNING}{streaming.pk}/stop/").status_code == 405
    streaming.refresh_from_db()
    assert not streaming.stop_asked


# --- stopping -----------------------------------------------------------------------------------


def test_one_that_stood_in_line_has_ended_at_once(transactional_db, staff, alice):
    waiting = answering(alice, Status.QUEUED, not_before=timezone.now() + timedelta(hours=1))

    response = staff.post(f"{RUNNING}{waiting.pk}/stop/", follow=True)

    waiting.refresh_from_db()
    assert waiting.status == Status.STOPPED
    assert "The answer is being stopped" in response.content.decode()


def test_one_that_has_ended_meanwhile_is_said(staff, alice):
    over = answering(alice, Status.COMPLETE)

    response = staff.post(f"{RUNNING}{over.pk}/stop/", follow=True)

    assert "It had already ended." in response.content.decode()


def test_several_are_stopped_at_once(transactional_db, staff, alice):
    for _ in range(3):
        answering(alice)
    chosen = [str(each.pk) for each in Message.objects.all()[:2]]

    choice = {"action": "stop_selected", "_selected_action": chosen}
    response = staff.post(RUNNING, choice, follow=True)

    assert "2 answers are being stopped" in response.content.decode()
    assert Message.objects.filter(stop_asked=True).count() == 2


@pytest.mark.sqlite
def test_a_site_as_it_runs(tmp_path):
    hold = Hold()
    with UpstreamServer() as provider:
        provider.play(role_chunk(), content("Kept."), hold, hang())
        site = Site(tmp_path, OPENAI_BASE_URL=provider.base_url, FLUSH_SECONDS="0.1").start()
        try:
            person = Person(site)
            person.opener.open(site.url + "/setup/")
            person.post("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
            person.say("Hello")
            hold.wait_until_reached()
            [[answer]] = site.rows("SELECT id FROM conversations_message WHERE role = 'assistant'")

            page = person.opener.open(site.url + RUNNING).read().decode()
            address = f"{RUNNING}{uuid.UUID(answer)}/stop/"
            after = person.post(address).read().decode()
            until = time.monotonic() + PATIENCE
            while _status(site) != "stopped" and time.monotonic() < until:
                time.sleep(0.1)

            assert 'http-equiv="refresh"' in page
            assert "js/running" in page
            assert f'formaction="{address}"' in page
            assert "The answer is being stopped" in words(after)
            assert _status(site) == "stopped"
            assert provider.requests[0].disconnected.wait(PATIENCE)
        finally:
            site.end()


def _status(site):
    [[status]] = site.rows("SELECT status FROM conversations_message WHERE role = 'assistant'")
    return status
