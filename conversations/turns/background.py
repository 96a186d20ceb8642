"""What goes on behind the requests: admissions and what becomes of them, asked for by a person."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db import close_old_connections

from conversations import line
from conversations.models import Conversation, Message

from . import admission, dispatch
from .once import Admitted, Wish
from .sharing import broadcasts, live, others
from .tasks import own
from .writing import store, summaries

log = logging.getLogger(__name__)


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
    *,
    max_tokens: int | None = None,
) -> Admitted:
    """Store another version of a message and start its answer. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_edit(user, conversation, old, text, client_id, max_tokens)
    )


async def retry(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    client_id: uuid.UUID,
    model: str = "",
    *,
    max_tokens: int | None = None,
) -> Admitted:
    """Start another answer beside the old one. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_retry(user, conversation, old, client_id, model, max_tokens)
    )


async def answer(
    user: AbstractBaseUser,
    conversation: Conversation,
    question: Message,
    client_id: uuid.UUID,
    *,
    max_tokens: int | None = None,
) -> Admitted:
    """Start an answer to a message that ends the thread without one. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_answer(user, conversation, question, client_id, max_tokens)
    )


async def continue_answer(
    user: AbstractBaseUser,
    conversation: Conversation,
    old: Message,
    client_id: uuid.UUID,
    *,
    max_tokens: int | None = None,
) -> Admitted:
    """Let an answer that ended too early go on. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_continuation(user, conversation, old, client_id, max_tokens)
    )


async def fresh_start(
    user: AbstractBaseUser,
    conversation: Conversation,
    client_id: uuid.UUID,
    *,
    max_tokens: int | None = None,
) -> Admitted:
    """Start the summary with which a new conversation begins. Raises a Refusal."""
    return await _admit(
        lambda: admission.admit_fresh_start(user, conversation, client_id, max_tokens)
    )


async def _admit(door: Callable[[], Admitted]) -> Admitted:
    # The request's own connection goes back first: as many requests as the pool has connections,
    # each with one and waiting for a second, would wait for each other.
    await sync_to_async(close_old_connections)()
    # A request that its browser gives up is cancelled; the message is then still stored with
    # its answer under way, never one without the other.
    return await asyncio.shield(own(_admit_and_start(door), "admission"))


async def _admit_and_start(door: Callable[[], Admitted]) -> Admitted:
    async with ThreadSensitiveContext():
        admitted = await database_sync_to_async(door)()
    if admitted.is_new:
        await dispatch.advance()
        await broadcasts.publish(admitted.answer.conversation_id, _what_happened(admitted))
    return admitted


def _what_happened(admitted: Admitted) -> broadcasts.Event:
    """A message at the thread's end is shown below it; after all else the log is read again."""
    changes = admitted.answer.conversation.changes
    if admitted.is_at_end:
        return broadcasts.MessageSent(admitted.question.pk, changes)
    return broadcasts.ThreadChanged(changes)


async def prepare(conversation: Conversation) -> None:
    """Write in the background what the next message may need. Returns at once."""
    summaries.prepare(conversation)


async def stop(conversation: Conversation, answer: uuid.UUID) -> bool:
    """Ask an answer to end with what has arrived; False where it had already ended."""
    runner = live.runner(answer)
    if runner:
        runner.stop()
    was_running = await database_sync_to_async(store.ask_to_stop)(conversation, answer)
    if runner := runner or live.runner(answer):
        runner.stop()
    elif changes := await database_sync_to_async(store.cancel)(answer):
        # It stood in line: nobody writes it.
        await broadcasts.publish(conversation.pk, broadcasts.AnswerEnded(answer, changes))
        await dispatch.advance()
    elif was_running:
        await others.say("stop", answer=str(answer))
    return was_running or runner is not None


async def try_now(conversation: Conversation, answer: uuid.UUID) -> bool:
    """Let an answer in line not wait for the moment of its next try; False for any other."""
    own_answer = conversation.messages.filter(pk=answer)
    if not await own_answer.aexists():
        return False
    has_waited = await database_sync_to_async(line.try_now)(answer)
    await others.say("line")
    await dispatch.advance()
    return has_waited
