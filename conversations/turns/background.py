"""The tasks that this process owns: every one has a reference, an ending and a name.

They start in an empty context. What a request's context holds (its database thread) ends with
the request, and a turn does not.
"""

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asgiref.sync import ThreadSensitiveContext
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from conversations.models import Conversation, Message

from . import admission, broadcasts, live, store, sweeps
from .admission import Admitted, Wish
from .run import Run

log = logging.getLogger(__name__)

T = TypeVar("T")

_tasks: set[asyncio.Task[Any]] = set()

# How often each process looks for answers that nobody writes any more, in seconds.
SWEEP_SECONDS = 5


def _own(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work, name=name, context=contextvars.Context())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def send(user: AbstractBaseUser, conversation: Conversation, wish: Wish) -> Admitted:
    """Store a message and start its answer. Raises a Refusal."""
    return await _admit(lambda: admission.admit(user, conversation, wish))


async def send_first(
    user: AbstractBaseUser, conversation: Conversation, system_text: str, wish: Wish
) -> Admitted:
    """Store a new conversation with its first message and start its answer. Raises a Refusal."""
    return await _admit(lambda: admission.admit_first(user, conversation, system_text, wish))


async def retry(
    user: AbstractBaseUser, conversation: Conversation, old: Message, client_id: uuid.UUID
) -> Admitted:
    """Start another answer beside the old one. Raises a Refusal."""
    return await _admit(lambda: admission.admit_retry(user, conversation, old, client_id))


async def _admit(door: Callable[[], Admitted]) -> Admitted:
    # A request that its browser gives up is cancelled; the message is then still stored with
    # its answer under way, never one without the other.
    return await asyncio.shield(_own(_admit_and_start(door), "admission"))


async def _admit_and_start(door: Callable[[], Admitted]) -> Admitted:
    async with ThreadSensitiveContext():
        admitted = await database_sync_to_async(door)()
    if admitted.is_new:
        start(admitted.answer)
        is_retry = admitted.answer.client_id is not None
        await broadcasts.publish(
            admitted.answer.conversation_id,
            broadcasts.ThreadChanged()
            if is_retry
            else broadcasts.MessageSent(admitted.question.pk),
        )
    return admitted


def start(answer: Message) -> None:
    """Begin to write a queued answer in this process."""
    run = Run(answer)
    live.enter(answer.pk, run)
    _own(_finish(run, answer), f"answer {answer.pk}")


async def _finish(run: Run, answer: Message) -> None:
    try:
        await run()
    except Exception:
        log.exception("answer %s could not be ended; a sweep will end it", answer.pk)
    finally:
        live.leave(answer.pk)
    await broadcasts.publish(answer.conversation_id, broadcasts.AnswerEnded(answer.pk))


async def stop(conversation: Conversation, answer: uuid.UUID) -> bool:
    """Ask an answer to end with what has arrived; False where it had already ended."""
    was_running = await database_sync_to_async(store.ask_to_stop)(conversation, answer)
    if runner := live.runner(answer):
        runner.stop()
    return was_running


async def tell_thread_changed(conversation: uuid.UUID) -> None:
    await broadcasts.publish(conversation, broadcasts.ThreadChanged())


# --- the process begins and ends ------------------------------------------------------------


async def recover(is_alone: bool) -> None:
    """End what a crash left running: all of it where this is the site's only process."""
    start = timezone.now()
    if is_alone:
        await _sweep(lambda: sweeps.end_all_answers_before(start))
    else:
        await _sweep(sweeps.end_all_dead_answers)


async def _sweep(sweep: Callable[[], list[Message]]) -> None:
    async with ThreadSensitiveContext():
        ended = await database_sync_to_async(sweep)()
    for answer in ended:
        log.warning("answer %s was interrupted; nobody wrote it any more", answer.pk)
        await broadcasts.publish(answer.conversation_id, broadcasts.AnswerEnded(answer.pk))


def start_sweeping(is_alone: bool) -> None:
    _own(_sweep_forever(is_alone), "sweeps")


async def _sweep_forever(is_alone: bool) -> None:
    try:
        await recover(is_alone)
    except Exception:
        log.exception("the first sweep failed")
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await _sweep(sweeps.end_all_dead_answers)
        except Exception:
            # Whatever it was: without sweeps a dead answer would run for ever.
            log.exception("a sweep failed; the next one comes in %s s", SWEEP_SECONDS)


async def shutdown() -> None:
    """End every answer of this process with what has arrived, as interrupted."""
    answers = [task for task in _tasks if task.get_name().startswith("answer ")]
    for answer in live.running():
        if runner := live.runner(answer):
            runner.interrupt()
    if answers:
        await asyncio.wait(answers, timeout=settings.SHUTDOWN_SECONDS)
    for task in tuple(_tasks):
        task.cancel()
