"""Alerts go out by e-mail, beside everything else: a mail server that hangs holds up nothing."""

import asyncio
import contextlib
import logging
import threading

from django.db import connections

from conversations import accounting

MAIL_SECONDS = 15  # between two looks for what is to be mailed

log = logging.getLogger(__name__)


async def forever() -> None:
    while True:
        await _look()
        await asyncio.sleep(MAIL_SECONDS)


async def _look() -> None:
    """In a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def look() -> None:
        try:
            accounting.mail_due()
        except Exception:
            log.exception("alerts could not be mailed")
        finally:
            connections.close_all()
            with contextlib.suppress(RuntimeError):  # the loop may be over by now
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=look, name="mail", daemon=True).start()
    await done.wait()
