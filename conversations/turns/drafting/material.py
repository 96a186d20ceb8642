"""What a call is made of, fetched from the database for the pure builder of `context`."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q

from conversations import search
from conversations.context import (
    Digest,
    Material,
    Piece,
    canonical_json,
    numbers_of,
    strategy_named,
)
from conversations.models import Conversation, Message, Role, Standing
from conversations.text import sha256
from conversations.threads import token_counts
from conversations.tokens import count, encoding_name

from .limits import Limits


@dataclass(frozen=True)
class Ask:
    """What is asked of a model: with the parameters of `conversation`, after the path of `thread`.

    These two differ only where a chat begins with a summary of another one. `text` is a message
    that is still being typed, `closing` a literal instruction at the end. What is empty is the
    conversation's own.
    """

    conversation: Conversation
    thread: Conversation
    path: Sequence[Message]
    text: str | None = None
    closing: str = ""
    model: str = ""
    strategy: str = ""
    response_format: str = ""
    # A limit of the answer's own; it makes no more room for the prompt.
    max_tokens: int | None = None

    @property
    def model_asked(self) -> str:
        return self.model or self.conversation.model

    @property
    def strategy_asked(self) -> str:
        return self.strategy or self.conversation.strategy

    @property
    def encoding(self) -> str:
        return encoding_name(self.model_asked)

    @property
    def answered(self) -> Message | None:
        """The person's message that is to be answered, where it is stored already."""
        asked = (message for message in reversed(self.path) if message.role == Role.USER)
        return None if self.text is not None else next(asked, None)


def gather(ask: Ask, limits: Limits) -> Material:
    """A deleted message is in no context; its place in the thread is all that is left of it."""
    there = [message for message in ask.path if not message.is_deleted]
    system = ask.conversation.system_message
    pieces = _pieces([*there, system] if system else there, ask.encoding)
    system_piece = pieces.pop() if system else None
    if ask.text is not None:
        pieces.append(Piece(None, "user", ask.text, count(ask.text, ask.encoding)))
    return Material(
        system=system_piece,
        path=pieces,
        limit=limits.prompt,
        count=lambda text: count(text, ask.encoding),
        # An imposed strategy has its own numbers, not those that the chat has chosen for another.
        numbers=numbers_of(
            strategy_named(ask.strategy_asked),
            {} if ask.strategy else ask.conversation.strategy_numbers,
        ),
        closing=literal(ask.closing, ask.encoding) if ask.closing else None,
        digests=lambda: _digests(ask.thread, pieces, ask.encoding),
        find=lambda without, most, everywhere: _find(ask, without, most, everywhere),
    )


def literal(text: str, encoding: str, role: str = "user") -> Piece:
    return Piece(None, role, text, count(text, encoding))


def _pieces(messages: Sequence[Message], encoding: str) -> list[Piece]:
    counts = token_counts(messages, encoding)
    return [
        Piece(
            message.pk,
            message.role,
            message.text,
            tokens,
            is_pinned=message.standing == Standing.PINNED,
            is_excluded=message.standing == Standing.EXCLUDED,
        )
        for message, tokens in zip(messages, counts, strict=True)
    ]


def covers(pieces: Sequence[Piece]) -> str:
    """What a summary of these pieces is valid for: their ids and lengths, hashed. Text only ever
    grows, so that the same length is the same text.
    """
    sources = [[str(piece.id), len(piece.text)] for piece in pieces if piece.can_be_sent]
    return sha256(canonical_json(sources))


# Summaries are few and are counted with every keystroke.
_count_kept = lru_cache(maxsize=256)(count)


def _digests(thread: Conversation, pieces: Sequence[Piece], encoding: str) -> list[Digest]:
    """The summaries that hold for this path: what they cover is still all that is to be covered."""
    places = {piece.id: place for place, piece in enumerate(pieces)}
    known = [] if thread._state.adding else list(thread.summaries.all())
    return [
        Digest(each.pk, each.through_id, each.text, _count_kept(each.text, encoding))
        for each in known
        if each.through_id in places
        and each.covers_sha256 == covers(pieces[: places[each.through_id] + 1])
    ]


# So many branches of one thread hide nothing else from a search.
COPIES = 5


def _find(ask: Ask, without: Collection[uuid.UUID], most: int, everywhere: bool) -> Sequence[Piece]:
    """Messages that say what is being asked: of this path, or of all of the person's chats."""
    query = ask.text if ask.text is not None else getattr(ask.answered, "text", "")
    among = Q(pk__in=[message.pk for message in ask.path if message.pk not in without])
    if everywhere:
        among |= Q(conversation__deleted_at=None) & ~Q(conversation=ask.thread)
    said = Message.objects.filter(
        among, owner_id=ask.conversation.owner_id, role__in=(Role.USER, Role.ASSISTANT)
    ).exclude(standing=Standing.EXCLUDED)
    # A branch has copies of the thread that it came out of: the same words are found once, and
    # not at all where they are in the array already.
    known = {message.text for message in ask.path if message.pk in without}
    fresh: dict[str, Message] = {}
    for message in search.find(query, said, most * COPIES):
        if message.text not in known:
            fresh.setdefault(message.text, message)
    return _pieces(list(fresh.values())[:most], ask.encoding)
