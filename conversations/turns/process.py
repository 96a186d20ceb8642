"""How a process begins and ends: sweeps for what nobody writes any more, and the last words of its own."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from conversations import line
from conversations.models import Message

from . import dispatch, draining, mailing, steady, sweeps
from .sharing import broadcasts, live, lookout, others
from .tasks import in_database, own, owned

log = logging.getLogger(__name__)


async def recover(is_alone: bool) -> None:
    """End what a crash left running: all of it where this is the site's only process."""
    start = timezone.now()
    if is_alone:
        await _sweep(lambda: sweeps.end_all_answers_before(start))
        # Nobody else can be there to call those who stand in line.
        await in_database(line.adopt, others.PROCESS)
    else:
        await _sweep(sweeps.end_all_dead_answers)
    await dispatch.advance()


async def _sweep(sweep: Callable[[], list[Message]]) -> None:
    async with ThreadSensitiveContext():
        ended = await database_sync_to_async(sweep)()
    for answer in ended:
        log.warning("answer %s was interrupted; nobody wrote it any more", answer.pk)
        await broadcasts.publish(answer.conversation_id, broadcasts.AnswerEnded(answer.pk))


def start_sweeping(is_alone: bool) -> None:
    others.listen("stop", _stop_here)
    others.listen("line", _look_at_line)
    lookout.start()
    steady.begin()
    own(_sweep_forever(is_alone), "sweeps")
    if settings.EMAIL_HOST:
        own(mailing.forever(), "mail")


async def _stop_here(hint: Mapping[str, Any]) -> None:
    if runner := live.runner(uuid.UUID(hint["answer"])):
        runner.stop()


async def _look_at_line(hint: Mapping[str, Any]) -> None:
    dispatch.nudge()


async def _sweep_forever(is_alone: bool) -> None:
    try:
        await recover(is_alone)
    except Exception:
        log.exception("the first sweep failed")
    while True:
        await asyncio.sleep(steady.pace())
        try:
            await _sweep(sweeps.end_all_dead_answers)
            dispatch.nudge()
        except Exception:
            # Whatever it was: without sweeps a dead answer would run for ever.
            log.exception("a sweep failed; the next one comes in %.1f s", steady.pace())


async def drain() -> None:
    """Begin nothing new; let running answers go on for the grace period, then end them."""
    draining.begin()
    await dispatch.advance()
    await others.say("line")
    if answers := _answers():
        await asyncio.wait(answers, timeout=settings.GRACE_SECONDS)


async def shutdown() -> None:
    """End every answer of this process with what has arrived, as interrupted."""
    dispatch.stop()
    answers = _answers()
    for answer in live.running():
        if runner := live.runner(answer):
            runner.interrupt()
    if answers:
        await asyncio.wait(answers, timeout=settings.SHUTDOWN_SECONDS)
    for task in owned():
        task.cancel()


def _answers() -> list[asyncio.Task[Any]]:
    return [task for task in owned() if task.get_name().startswith("answer ")]
