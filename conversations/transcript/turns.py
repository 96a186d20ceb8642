"""The turns of a path, and the exchanges that they form."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from conversations import line, rendering
from conversations.models import Completion, Conversation, Message, Origin, Role, Standing
from conversations.threads import Tree, tree
from conversations.turns import Shown, shown
from conversations.turns.drafting.draft import is_fresh_start

from .facts import Facts, facts_of
from .notices import Notice, notice_of
from .waiting import Waiting, waiting_of

WRITTEN = "Written by hand"
STANDINGS = {Standing.PINNED: "Pinned", Standing.EXCLUDED: "Not sent: excluded"}


@dataclass(frozen=True)
class Turn:
    message: Message
    html: SafeString
    settled: SafeString
    tail: SafeString
    position: int
    # By whose frames that was shown, of a running one.
    source: int
    reasoning: str
    version: int
    versions: int
    previous_id: uuid.UUID | None
    next_id: uuid.UUID | None
    # Nothing follows it, on any branch.
    is_leaf: bool
    call: Completion | None
    facts: Facts | None
    notice: Notice | None
    # Why it is not written yet, of one that stands in line.
    wait: Waiting | None

    @property
    def name(self) -> str:
        message = self.message
        if message.role == Role.SYSTEM:
            return "System message"
        if message.role == Role.USER:
            return "You"
        return ", ".join(filter(None, ("Assistant", message.model)))

    @property
    def labels(self) -> list[str]:
        """What is to be known of a message besides whose it is."""
        message = self.message
        said = [self.name] if message.role == Role.SYSTEM else []
        said += [WRITTEN] if message.origin == Origin.WRITTEN else []
        standing = STANDINGS.get(Standing(message.standing))
        return [*said, standing] if standing else said

    @property
    def remark(self) -> str:
        """What could not be sent as it was wished."""
        return self.call.context_note if self.call else ""

    @property
    def needs_answer(self) -> bool:
        return self.is_leaf and self.message.role == Role.USER and not self.message.is_deleted

    @property
    def compared(self) -> tuple[uuid.UUID | None, uuid.UUID | None]:
        """It and the version beside it, the older one first."""
        me = self.message.pk
        return (self.previous_id, me) if self.previous_id else (me, self.next_id)

    @property
    def waiting_since(self) -> float | None:
        """Epoch seconds, while it is called and no text has arrived."""
        call = self.call
        if self.message.is_running and not self.position and call and call.ended_at is None:
            return call.created_at.timestamp()
        return None


@dataclass(frozen=True)
class Exchange:
    """A person's message with the answers that follow it."""

    turns: list[Turn]

    @property
    def id(self) -> uuid.UUID:
        return self.turns[0].message.pk


def exchanges_of(conversation: Conversation) -> list[Exchange]:
    """The path that the conversation now shows."""
    grown = tree(conversation)
    return group(turns_of(conversation, grown, grown.path_to(conversation.current_leaf_id)))


def turns_of(conversation: Conversation, grown: Tree, ids: Iterable[uuid.UUID]) -> list[Turn]:
    found = conversation.messages.with_calls().in_bulk(list(ids))
    return [_turn(found[node], grown) for node in ids if node in found]


def turn_of(message: Message) -> Turn:
    return _turn(message, tree(message.conversation))


def group(turns: Iterable[Turn]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for turn in turns:
        if turn.message.role == "user" or not exchanges:
            exchanges.append(Exchange([]))
        exchanges[-1].turns.append(turn)
    return exchanges


def _turn(message: Message, grown: Tree) -> Turn:
    versions = grown.versions(message.pk)
    index = versions.index(message.pk)
    is_leaf = grown.is_leaf(message.pk)
    now = _shown(message)
    return Turn(
        message=message,
        html=_safe(_html(message)),
        settled=_safe(now.settled),
        tail=_safe(now.tail),
        position=now.position,
        source=now.source,
        reasoning=now.reasoning,
        version=index + 1,
        versions=len(versions),
        previous_id=versions[index - 1] if index else None,
        next_id=versions[index + 1] if index + 1 < len(versions) else None,
        is_leaf=is_leaf,
        call=message.call,
        facts=facts_of(message),
        notice=notice_of(message, can_go_on=is_leaf and not is_fresh_start(message)),
        wait=wait_of(message),
    )


def wait_of(message: Message) -> Waiting | None:
    """Why an answer is not written yet; None for one that is, and for one whose turn has come."""
    wait = line.wait_of(message) if message.is_in_line else None
    return waiting_of(wait, message.call.error_detail if message.call else "") if wait else None


def _shown(message: Message) -> Shown:
    """What a reader who comes now sees of it: the runner's own state, or what was stored."""
    if not message.is_running:
        return Shown(len(message.text), reasoning=message.reasoning)
    if live := shown(message.conversation_id, message.pk):
        return live
    snapshot = rendering.answer_renderer(message.text, is_json=message.is_json).snapshot()
    return Shown(len(message.text), snapshot.settled, snapshot.tail, message.reasoning)


def _html(message: Message) -> str:
    if not message.is_answer or message.is_running:
        return ""
    if message.html_version != rendering.RENDERER_VERSION:
        return rendering.render_answer(message.text, is_json=message.is_json)
    return str(message.html)


def _safe(html: str) -> SafeString:
    """The one place where HTML is called safe: all of it has left the sanitiser."""
    return mark_safe(html)  # noqa: S308
