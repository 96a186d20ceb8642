"""Secrets that the site makes for itself once and keeps in a file that only its user may read."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in this file, made by whoever comes first.

    The lock lets a second process wait until the first has written: it never reads half a
    secret, and a file that a crash left empty is filled.
    """
    with open(path, "a+", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        secret = file.read().strip()
        if not secret:
            secret = make()
            file.write(secret)
        return secret


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
