"""What goes on behind the requests: admissions, running answers, sweeps, and how all of it ends."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from asgiref.sync import ThreadSensitiveContext
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.rendering import answer_renderer

from . import admission, broadcasts, live, store, summaries, sweeps
from .admission import Admitted, Wish
from .run import Run
from .tasks import own, owned

log = logging.getLogger(__name__)

# How often each process looks for answers that nobody writes any more, in seconds.
SWEEP_SECONDS = 5


async def send(user: AbstractBaseUser, conversation: Conversation, wish: Wish) -> Admitted:
    """Store a message and start its answer. Raises a Refusal."""
    return await _admit(lambda: admission.admit(user, conversation, wish))


async def send_first(
    user: AbstractBaseUser,
    conversation: Conversation,
    system_text: str,
    wish: Wish,
    examples: Sequence[Mapping[str, str]] = (),
) -> Admitted:
    """Store a new conversation with its first message and start its answer. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_first(user, conversation, system_text, wish, examples)
    )


async def edit(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    text: str,
    client_id: uuid.UUID,
) -> Admitted:
    """Store another version of a message and start its answer. Raises a Refusal."""
    return await _admit(lambda: admission.admit_edit(user, conversation, old, text, client_id))


async def retry(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    client_id: uuid.UUID,
    model: str = "",
) -> Admitted:
    """Start another answer beside the old one. Raises a Refusal."""
    return await _admit(lambda: admission.admit_retry(user, conversation, old, client_id, model))


async def answer(
    user: AbstractBaseUser, conversation: Conversation, question: Message, client_id: uuid.UUID
) -> Admitted:
    """Start an answer to a message that ends the thread without one. Raises a Refusal."""
    return await _admit(lambda: admission.admit_answer(user, conversation, question, client_id))


async def continue_answer(
    user: AbstractBaseUser, conversation: Conversation, old: Message, client_id: uuid.UUID
) -> Admitted:
    """Let an answer that ended too early go on. Raises a Refusal."""
    return await _admit(lambda: admission.admit_continuation(user, conversation, old, client_id))


async def fresh_start(
    user: AbstractBaseUser, conversation: Conversation, client_id: uuid.UUID
) -> Admitted:
    """Start the summary with which a new conversation begins. Raises a Refusal."""
    return await _admit(lambda: admission.admit_fresh_start(user, conversation, client_id))


async def _admit(door: Callable[[], Admitted]) -> Admitted:
    # A request that its browser gives up is cancelled; the message is then still stored with
    # its answer under way, never one without the other.
    return await asyncio.shield(own(_admit_and_start(door), "admission"))


async def _admit_and_start(door: Callable[[], Admitted]) -> Admitted:
    async with ThreadSensitiveContext():
        admitted = await database_sync_to_async(door)()
    if admitted.is_new:
        await start(admitted.answer)
        await broadcasts.publish(admitted.answer.conversation_id, _what_happened(admitted))
    return admitted


def _what_happened(admitted: Admitted) -> broadcasts.Event:
    """A message at the thread's end is shown below it; after all else the log is read again."""
    is_next = admitted.is_at_end
    return broadcasts.MessageSent(admitted.question.pk) if is_next else broadcasts.ThreadChanged()


async def start(answer: Message) -> None:
    """Begin to write a queued answer in this process."""
    ready = partial(answer_renderer, answer.text, is_json=answer.is_json)
    # What is to be continued may be long; rendering it must not hold up the others.
    run = Run(answer, await asyncio.to_thread(ready) if answer.text else ready())
    live.enter(answer.pk, run)
    own(_finish(run, answer), f"answer {answer.pk}")


async def _finish(run: Run, answer: Message) -> None:
    try:
        await run()
    except Exception:
        log.exception("answer %s could not be ended; a sweep will end it", answer.pk)
    finally:
        live.leave(answer.pk, run)
    await broadcasts.publish(answer.conversation_id, broadcasts.AnswerEnded(answer.pk))
    summaries.prepare(answer.conversation_id)


async def prepare(conversation: Conversation) -> None:
    """Write in the background what the next message may need. Returns at once."""
    summaries.prepare(conversation.pk)


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
    own(_sweep_forever(is_alone), "sweeps")


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
    answers = [task for task in owned() if task.get_name().startswith("answer ")]
    for answer in live.running():
        if runner := live.runner(answer):
            runner.interrupt()
    if answers:
        await asyncio.wait(answers, timeout=settings.SHUTDOWN_SECONDS)
    for task in owned():
        task.cancel()
