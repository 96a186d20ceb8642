"""Alerts by e-mail: each goes out once, whoever sends it and whatever the mail server does."""

import asyncio
import logging
import threading
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from chatsite.logs import LineFormatter
from conversations import accounting
from conversations.models import Alert
from conversations.turns import mailing
from tests.accounting.ledger import budget, spend
from tests.accounting.mail_server import MailServer
from tests.patience import PATIENCE
from tests.people import make_person

SMTP = "django.core.mail.backends.smtp.EmailBackend"
PASSWORD = "sesame-0123456789"


@pytest.fixture(autouse=True)
def mail_settings(settings):
    settings.EMAIL_HOST = "127.0.0.1"
    settings.DEFAULT_FROM_EMAIL = "Chatsite <chat@example.org>"
    settings.ALERT_EMAILS = ["ann@example.org"]


@pytest.fixture
def alert(alice) -> Alert:
    budget(20, alice)
    spend(alice, 17)
    return Alert.objects.get()


def another(person) -> None:
    budget(10, person)
    spend(person, 9)


def later(alert, **ago):
    Alert.objects.filter(pk=alert.pk).update(mail_not_before=timezone.now() - timedelta(**ago))


# --- what is sent, and to whom ------------------------------------------------------------------


def test_an_alert_is_mailed_once(alert):
    assert [accounting.mail_due(), accounting.mail_due()] == [1, 0]

    [sent] = mail.outbox
    assert sent.subject == f"Chatsite: {alert.words}"
    assert sent.body == f"{alert.words}\n"
    assert (sent.to, sent.from_email) == (["ann@example.org"], "Chatsite <chat@example.org>")
    alert.refresh_from_db()
    assert alert.mailed_at


def test_several_go_into_one_mail(alert, bob):
    another(bob)

    assert accounting.mail_due() == 2

    [sent] = mail.outbox
    assert sent.subject == "Chatsite: 2 alerts"
    assert [line.split()[0] for line in sent.body.splitlines()] == ["alice", "bob"]


def test_it_leads_to_the_admin_of_a_site_with_an_address(alert, settings):
    settings.PUBLIC_URL = "https://chat.example.org"

    accounting.mail_due()

    assert mail.outbox[0].body.endswith("\nhttps://chat.example.org/admin/conversations/alert/\n")


def test_without_names_it_goes_to_the_staff_who_may_see_alerts(alert, settings):
    settings.ALERT_EMAILS = []
    right = Permission.objects.get(codename="view_alert")
    for name, fields in {
        "may": {"is_staff": True},
        "may-twice": {"is_staff": True, "is_superuser": True, "email": "may@example.org"},
        "all": {"is_staff": True, "is_superuser": True},
        "no-right": {"is_staff": True},
        "no-staff": {},
        "gone": {"is_staff": True, "is_active": False},
        "silent": {"is_staff": True, "email": ""},
        "broken": {"is_staff": True, "email": "x@example.org\nBcc: y@example.org"},
    }.items():
        person = make_person(name, **{"email": f"{name}@example.org", **fields})
        if name != "no-right":
            person.user_permissions.add(right)

    accounting.mail_due()

    assert mail.outbox[0].to == ["may@example.org", "all@example.org"]


def test_with_nobody_to_tell_nothing_is_tried(alert, settings):
    settings.ALERT_EMAILS = []

    assert accounting.mail_due() == 0
    alert.refresh_from_db()
    assert (alert.mail_tries, mail.outbox) == (0, [])


def test_without_a_mail_server_nothing_is_asked(alert, settings, django_assert_num_queries):
    settings.EMAIL_HOST = ""

    with django_assert_num_queries(0):
        assert accounting.mail_due() == 0


def test_what_is_older_than_a_day_is_not_mailed_later(alert):
    Alert.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))

    assert accounting.mail_due() == 0


def test_nobody_writes_a_header_of_their_own(alert):
    Alert.objects.update(words="alice\r\nBcc: eve@example.org\u2028has spent")

    accounting.mail_due()

    message: EmailMessage = mail.outbox[0]
    assert message.subject == "Chatsite: alice Bcc: eve@example.org has spent"
    assert message.message()["Bcc"] is None
    assert message.recipients() == ["ann@example.org"]


# --- a server that is not there, says no, says nothing ---------------------------------------------


def test_a_real_server_gets_it(alert, settings):
    settings.EMAIL_BACKEND = SMTP
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        assert accounting.mail_due() == 1

    [raw] = server.mails
    assert server.recipients == ["ann@example.org"]
    assert "From: Chatsite <chat@example.org>" in raw
    assert "Auto-Submitted: auto-generated" in raw
    assert raw.endswith(alert.words)


def failing(settings, refusal="550 no") -> MailServer:
    settings.EMAIL_BACKEND = SMTP
    server = MailServer(refusal)
    settings.EMAIL_PORT = server.port
    return server


def test_what_failed_is_tried_again_after_ten_minutes(alert, settings):
    with failing(settings) as server:
        assert [accounting.mail_due(), accounting.mail_due()] == [0, 0]
        alert.refresh_from_db()
        assert (alert.mail_tries, alert.mailed_at) == (1, None)
        assert alert.mail_not_before > timezone.now() + timedelta(minutes=9)

        server.refusal = ""
        later(alert, seconds=1)
        assert [accounting.mail_due(), accounting.mail_due()] == [1, 0]

    assert len(server.mails) == 1


def test_it_is_tried_for_about_a_day(alert, settings):
    with failing(settings) as server:
        for _ in range(10):
            later(alert, seconds=1)
            accounting.mail_due()
        server.refusal = ""
        later(alert, seconds=1)
        assert accounting.mail_due() == 0

    alert.refresh_from_db()
    assert (alert.mail_tries, server.mails) == (8, [])


def test_the_log_says_it_in_one_line_without_secrets(alert, settings, caplog):
    settings.EMAIL_HOST_PASSWORD = PASSWORD
    with failing(settings, f"535 {PASSWORD} is wrong"):
        accounting.mail_due()

    [record] = caplog.records
    assert record.getMessage() == "alerts could not be mailed, 1 of them (SMTPSenderRefused 535)"


def test_the_password_is_masked_wherever_it_is_logged(settings):
    settings.EMAIL_HOST_PASSWORD = PASSWORD
    record = logging.LogRecord("here", logging.INFO, "x", 1, f"login {PASSWORD}", (), None)

    assert LineFormatter().format(record).endswith("login [secret]")


def test_a_server_that_is_not_there_is_said(alert, settings, caplog):
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_PORT = 1

    accounting.mail_due()

    assert caplog.records[0].getMessage().startswith("alerts could not be mailed, 1 of them (Conn")


def test_settings_that_exclude_each_other_are_a_failure_like_others(alert, settings):
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = True

    assert accounting.mail_due() == 0


def test_a_server_that_hangs_is_given_up(alert, settings):
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_TIMEOUT = 0.2
    with MailServer(is_hung=True) as server:
        settings.EMAIL_PORT = server.port
        assert accounting.mail_due() == 0

    alert.refresh_from_db()
    assert (alert.mail_tries, alert.mailed_at) == (1, None)


# --- several at once --------------------------------------------------------------------------------


def at_once(count, function):
    """So many threads, each with its own connection, let go together."""
    start = threading.Barrier(count)
    failures = []

    def run():
        try:
            start.wait(PATIENCE)
            function()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == []


def test_of_many_who_mail_at_once_one_sends_it(transactional_db, alert, bob):
    another(bob)

    at_once(8, accounting.mail_due)

    lines = [line for sent in mail.outbox for line in sent.body.splitlines()]
    assert sorted(line.split()[0] for line in lines) == ["alice", "bob"]
    assert list(Alert.objects.values_list("mail_tries", flat=True)) == [1, 1]


def test_of_many_who_notice_at_once_one_notes_it(transactional_db, alert, alice):
    Alert.objects.all().delete()
    account = accounting.account_of(alice.pk)

    at_once(8, lambda: accounting.note_spent(account))

    assert [each.kind for each in Alert.objects.all()] == ["near"]


async def test_it_goes_out_by_itself_and_a_server_that_hangs_holds_up_nothing(
    transactional_db, alert, settings, monkeypatch
):
    monkeypatch.setattr(mailing, "MAIL_SECONDS", 0.05)
    settings.EMAIL_BACKEND = SMTP
    with MailServer(is_hung=True) as hung, MailServer() as well:
        settings.EMAIL_PORT = hung.port
        task = asyncio.create_task(mailing.forever())
        try:
            # This loop goes on, and reaches the next line, while the thread of the mail hangs.
            await asyncio.to_thread(hung.was_reached.wait, PATIENCE)
            assert (hung.was_reached.is_set(), hung.may_go.is_set()) == (True, False)

            settings.EMAIL_PORT = well.port
            hung.may_go.set()
            await sync_to_async(_wait_for_failure)(alert)
            await sync_to_async(later)(alert, seconds=1)
            await asyncio.to_thread(well.has_mail.wait, PATIENCE)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    assert len(well.mails) == 1


def _wait_for_failure(alert) -> None:
    """Its claim is stored before it is sent."""
    alert.refresh_from_db()
    assert alert.mail_tries == 1
