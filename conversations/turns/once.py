"""The same request again changes nothing, and is told what it led to the first time."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from conversations import accounting
from conversations.errors import OverBudget, Refusal
from conversations.models import Message, Role

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Admitted:
    """What a request led to, now or when it was first made.

    `is_at_end` says that the question follows what the page shows, so that nothing else changed.
    """

    question: Message
    answer: Message
    is_new: bool
    is_at_end: bool = False


@dataclass(frozen=True)
class Wish:
    """A message as somebody wants to send it, after this message of the thread."""

    text: str
    client_id: uuid.UUID
    parent: uuid.UUID | None = None
    # A limit of the answer's own, in tokens.
    max_tokens: int | None = None


def once(
    user: AbstractBaseUser,
    first: Callable[[], Admitted | None],
    store: Callable[[], Admitted],
) -> Admitted:
    """What `store` stores, all of it or nothing; or what `first` finds that was stored before."""
    if admitted := first():
        return admitted
    try:
        with transaction.atomic():
            return store()
    except (IntegrityError, Refusal) as refusal:
        # The same client id at the same moment: the other request was first.
        if admitted := first():
            return admitted
        if isinstance(refusal, OverBudget) and refusal.fits is None:
            _note_refused(user)
        raise


def _note_refused(user: AbstractBaseUser) -> None:
    """What staff is told of it must not make another failure of a refusal."""
    try:
        accounting.note_refused(accounting.account_of(user.pk))
    except Exception:
        log.exception("a refusal over a budget could not be noted")


def known(user: AbstractBaseUser, client_id: uuid.UUID) -> Admitted | None:
    found = Message.objects.filter(owner_id=user.pk, client_id=client_id).first()
    return admitted_by(found)


def admitted_by(found: Message | None) -> Admitted | None:
    """What a message led to when its client id came for the first time."""
    if found is None:
        return None
    if found.is_answer:
        return Admitted(found.parent or found, found, False)
    answers = found.children.filter(role=Role.ASSISTANT).in_order()
    return Admitted(found, answers.first() or found, False)
