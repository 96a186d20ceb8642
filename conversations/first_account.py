"""Who may make a new site's first account: once, and with the code where the site is exposed."""

import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import constant_time_compare

from chatsite.secret_files import kept_secret
from conversations.models import SetupClaim


def has_accounts() -> bool:
    return User.objects.exists()


def setup_code() -> str:
    """The code that proves who started this site; made where there is none yet."""
    return kept_secret(settings.SETUP_CODE_FILE, lambda: secrets.token_urlsafe(12))


def is_setup_code(code: str) -> bool:
    return constant_time_compare(code.strip(), setup_code())


def claim(user: User) -> None:
    """Store the first account, a staff superuser.

    Raises IntegrityError where another one was made first, also at the same moment.
    """
    with transaction.atomic():
        user.is_staff = user.is_superuser = True
        user.save()
        SetupClaim(user=user).save(force_insert=True)
    settings.SETUP_CODE_FILE.unlink(missing_ok=True)
