"""Misconfiguration, said before the site starts, with what to do about it."""

import os
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from conversations import accounting


@register()
def environment(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    return [Error(problem, id="chatsite.E001") for problem in settings.PROBLEMS]


@register()
def data_folder(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    problem = settings.DATA_DIR_PROBLEM
    if not problem and os.access(settings.DATA_DIR, os.W_OK):
        return []
    return [
        Error(
            f"DATA_DIR {settings.DATA_DIR} cannot be written ({problem or 'Permission denied'}).",
            hint="Give this user the right to write there, or set DATA_DIR.",
            id="chatsite.E002",
        )
    ]


@register()
def beats(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.TAKEOVER_SECONDS >= 3 * settings.BEAT_SECONDS:
        return []
    return [
        Error(
            "TAKEOVER_SECONDS must be at least three times BEAT_SECONDS.",
            hint="Otherwise one late beat lets another process end a running answer.",
            id="chatsite.E003",
        )
    ]


@register()
def exposed_without_tls(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if not settings.PUBLIC_URL.startswith("http://"):
        return []
    return [
        CheckWarning(
            "PUBLIC_URL is plain http: passwords and messages travel unencrypted.",
            hint="Serve the site over https, see README.md.",
            id="chatsite.W001",
        )
    ]


@register()
def mail(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    return [Error(problem, id="chatsite.E004") for problem in _mail_problems()]


def _mail_problems() -> Iterator[str]:
    """What Django would only say when the first mail is sent."""
    if not settings.EMAIL_HOST:
        if settings.ALERT_EMAILS:
            yield "ALERT_EMAILS needs EMAIL_HOST: without it no mail is sent."
        return
    if not accounting.is_address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]):
        yield "EMAIL_HOST needs DEFAULT_FROM_EMAIL, the address that mail comes from."
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        yield "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other; port 587 mostly takes the first."
    if not 0 < settings.EMAIL_PORT < 65_536:
        yield "EMAIL_PORT must be a port, such as 587."
    for address in settings.ALERT_EMAILS:
        if not accounting.is_address(address):
            yield f"ALERT_EMAILS must be addresses between commas, not {address!r}."
