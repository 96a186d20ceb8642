"""Answers whose runner is gone: whoever notices ends them as interrupted."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now

from conversations import accounting
from conversations.models import Conversation, Message, Status
from conversations.models.message import MessageQuerySet

from . import steady
from .sharing import live
from .writing.asides import end_lost_asides
from .writing.endings import Ending, end_answer

log = logging.getLogger(__name__)


def end_dead_answers(conversation: Conversation) -> list[Message]:
    """Of one conversation: those whose beat is too old by the database's clock."""
    return _take_over(_dead(conversation.messages.all()))


def end_all_dead_answers() -> list[Message]:
    """Of the whole site, and calls beside them that nobody makes any more."""
    end_lost_asides()
    accounting.release_orphans()
    return _take_over(_dead(Message.objects.all()))


def end_all_answers_before(start: datetime) -> list[Message]:
    """Of the whole site, when its only process starts: none of before can be running."""
    end_lost_asides(start)
    accounting.release_orphans()
    return _take_over(Message.objects.claimed().filter(beat__lt=start))


def _dead(messages: MessageQuerySet) -> MessageQuerySet:
    limit = Now() - timedelta(seconds=settings.TAKEOVER_SECONDS)
    return messages.claimed().filter(beat__lt=limit)


def _take_over(candidates: MessageQuerySet) -> list[Message]:
    """End those that no runner of this process writes; the ones that were ended."""
    found = list(candidates.exclude(pk__in=live.running()))
    if not steady.is_steady_at_look():
        return []
    return [answer for answer in found if _interrupt_or_log(answer, candidates)]


def _interrupt_or_log(answer: Message, candidates: MessageQuerySet) -> bool:
    """One that cannot be ended keeps no other from its ending."""
    try:
        return _interrupt(answer, candidates)
    except Exception:
        log.exception("answer %s could not be ended; the next sweep tries again", answer.pk)
        return False


def _interrupt(answer: Message, candidates: MessageQuerySet) -> bool:
    """Become the answer's run, unless its own came back to life, and end it with its text.

    One that was not called yet goes back into the line.
    """
    if answer.status == Status.QUEUED and not answer.stop_asked:
        never_called = candidates.filter(pk=answer.pk, run=answer.run, status=Status.QUEUED)
        if never_called.update(run=None, home=None):
            log.warning("answer %s was lost before its call; it waits again", answer.pk)
        return False
    run = uuid.uuid4()
    if not candidates.filter(pk=answer.pk, run=answer.run).update(run=run, beat=Now()):
        return False
    answer.refresh_from_db()
    status = Status.STOPPED if answer.stop_asked else Status.INTERRUPTED
    ending = Ending(status, answer.text, answer.reasoning)
    return bool(end_answer(answer, run, ending))
