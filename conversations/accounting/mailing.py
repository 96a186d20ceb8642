"""Alerts by e-mail: each goes out once, from whichever process comes first."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from conversations.models import Alert
from conversations.text import one_line

MOST_AT_ONCE = 50  # alerts in one mail
MOST_TRIES = 8  # of one alert, in about a day
RETRY_AFTER = timedelta(minutes=10)  # doubled with each try
TOO_OLD = timedelta(days=1)  # to be mailed at all: mail may have been set up since
SUBJECT_LENGTH = 150  # characters

log = logging.getLogger(__name__)


def mail_due() -> int:
    """Mail what nobody was mailed yet, all in one; how many alerts that were.

    An alert is claimed by a conditional UPDATE before it is sent. A process that dies in between
    leaves it to be sent ten minutes later: mailed twice is better than never.
    """
    if not settings.EMAIL_HOST:
        return 0
    found = list(_due().order_by("created_at", "pk")[:MOST_AT_ONCE])
    recipients = _recipients() if found else []
    claimed = [alert for alert in found if _claim(alert)] if recipients else []
    if not claimed:
        return 0
    try:
        _message(claimed, recipients).send()
    except (OSError, ValueError) as error:
        log.warning("alerts could not be mailed, %d of them (%s)", len(claimed), _reason(error))
        return 0
    sent = Alert.objects.filter(pk__in=[alert.pk for alert in claimed])
    return sent.update(mailed_at=timezone.now())


def _due() -> QuerySet[Alert]:
    now = timezone.now()
    may_go = Q(mail_not_before=None) | Q(mail_not_before__lte=now)
    return Alert.objects.filter(
        may_go, mailed_at=None, mail_tries__lt=MOST_TRIES, created_at__gte=now - TOO_OLD
    )


def _claim(alert: Alert) -> bool:
    """Whether nobody else has it."""
    later = timezone.now() + RETRY_AFTER * 2**alert.mail_tries
    mine = _due().filter(pk=alert.pk)
    return bool(mine.update(mail_tries=F("mail_tries") + 1, mail_not_before=later))


def _recipients() -> list[str]:
    """Whom the settings name, else the staff who may see alerts."""
    if settings.ALERT_EMAILS:
        return list(settings.ALERT_EMAILS)
    staff = User.objects.with_perm("conversations.view_alert").filter(is_staff=True)
    addresses = staff.exclude(email="").order_by("pk").values_list("email", flat=True)
    return [address for address in dict.fromkeys(addresses) if is_address(address)]


def is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _message(alerts: Sequence[Alert], recipients: list[str]) -> EmailMessage:
    first = alerts[0].words if len(alerts) == 1 else f"{len(alerts)} alerts"
    lines = [one_line(alert.words, SUBJECT_LENGTH * 2) for alert in alerts]
    if settings.PUBLIC_URL:
        lines += ["", settings.PUBLIC_URL + reverse("admin:conversations_alert_changelist")]
    return EmailMessage(
        subject=one_line(f"Chatsite: {first}", SUBJECT_LENGTH),
        body="\n".join([*lines, ""]),
        to=recipients,
        headers={"Auto-Submitted": "auto-generated"},
    )


def _reason(error: Exception) -> str:
    """Without the server's own words: they may quote what it was told."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    name = type(error).__name__
    return f"{name} {code}" if code and isinstance(error, smtplib.SMTPException | OSError) else name
