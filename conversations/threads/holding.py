"""A thread is changed by one at a time, never under an answer that is being written, and each
change has its number.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from django.db import IntegrityError, transaction

from conversations.errors import AnswerRunning, InvalidInput
from conversations.models import Conversation, Message, Origin, Role

P = ParamSpec("P")
SENT_ELSEWHERE = "This was already sent in another chat."
REMOVED = "This chat's content was removed."


@dataclass(frozen=True)
class Changed:
    """What an act led to: the message that it is about, and the number of this change of the
    conversation, nought where everything stays as it was.
    """

    message: Message
    number: int


@contextmanager
def storing() -> Iterator[None]:
    """A transaction. Raises InvalidInput where another chat of the same person stores the same
    client id at the same moment: each holds its own conversation, so neither sees the other.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        # SQLite names the columns, PostgreSQL the constraint; what follows may quote the row.
        if "client_id" in str(error).partition("\n")[0]:
            raise InvalidInput(SENT_ELSEWHERE) from error
        raise


def act(do: Callable[P, tuple[Message, bool]]) -> Callable[P, Changed]:
    """One that somebody does to a thread; it says whether it has changed anything.

    What it stores and the number are one transaction: a process that dies before it tells other
    pages leaves a number that they do not know, and so the change is noticed.
    """

    @wraps(do)
    def done(*args: P.args, **kwargs: P.kwargs) -> Changed:
        with storing():
            message, has_changed = do(*args, **kwargs)
            note = Conversation.objects.note_change
            return Changed(message, note(message.conversation_id) if has_changed else 0)

    return done


def hold(conversation: Conversation, *touched: uuid.UUID | None) -> Conversation:
    """The conversation, locked until the transaction ends, with nothing touched that an answer
    needs. What has a client id looks it up before it checks that: sent again, it is no conflict.
    """
    held = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    check_is_there(held)
    check_is_quiet(held, *touched)
    return held


def check_is_there(held: Conversation) -> None:
    """Raises InvalidInput for a request that came before its chat's content was removed."""
    if held.erased_at:
        raise InvalidInput(REMOVED)


def check_is_quiet(held: Conversation, *touched: uuid.UUID | None) -> None:
    """Raises AnswerRunning where what is touched is being written, or is what is being answered;
    None is the very start.
    """
    for running in held.messages.running().values_list("pk", "parent_id"):
        if set(running) & set(touched):
            raise AnswerRunning


def check_is_turn(message: Message) -> None:
    if message.role == Role.SYSTEM and message.origin == Origin.TYPED:
        raise InvalidInput("The system message is changed in the chat's settings.")
