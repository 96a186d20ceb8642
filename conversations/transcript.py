"""A conversation as one reads it: exchanges of turns, each with its versions, its call and what
there is to say about how it ended. The page, the socket and the admin show the same.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString, mark_safe

from conversations import rendering
from conversations.errors import words_for
from conversations.models import Completion, Conversation, Message, Status
from conversations.threads import Tree, tree
from conversations.turns import Shown, shown

RETRY = "retry"
SETTINGS = "settings"

# What there is to do about an error, besides trying again.
_ACTIONS = {
    "bad_request": (SETTINGS,),
    "context_length": (SETTINGS,),
    "authentication": (),
}
TEXT_IS_KEPT = "The text is kept."


@dataclass(frozen=True)
class Notice:
    """What is said below a turn that did not simply end."""

    words: str
    is_bad: bool = False
    actions: tuple[str, ...] = (RETRY,)


@dataclass(frozen=True)
class Turn:
    message: Message
    html: SafeString
    settled: SafeString
    tail: SafeString
    position: int
    reasoning: str
    version: int
    versions: int
    previous_id: uuid.UUID | None
    next_id: uuid.UUID | None
    call: Completion | None
    notice: Notice | None

    @property
    def waiting_since(self) -> float | None:
        """Epoch seconds, while no text has arrived."""
        if self.message.is_running and not self.position:
            return self.message.created_at.timestamp()
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
    now = _shown(message)
    return Turn(
        message=message,
        html=_safe(_html(message)),
        settled=_safe(now.settled),
        tail=_safe(now.tail),
        position=now.position,
        reasoning=now.reasoning,
        version=index + 1,
        versions=len(versions),
        previous_id=versions[index - 1] if index else None,
        next_id=versions[index + 1] if index + 1 < len(versions) else None,
        call=message.call,
        notice=notice_of(message),
    )


def _shown(message: Message) -> Shown:
    """What a reader who comes now sees of it: the runner's own state, or what was stored."""
    if not message.is_running:
        return Shown(len(message.text), reasoning=message.reasoning)
    if live := shown(message.conversation_id, message.pk):
        return live
    renderer = rendering.StreamRenderer()
    renderer.feed(message.text)
    snapshot = renderer.snapshot()
    return Shown(len(message.text), snapshot.settled, snapshot.tail, message.reasoning)


def _html(message: Message) -> str:
    if not message.is_answer or message.is_running:
        return ""
    if message.html_version != rendering.RENDERER_VERSION:
        return rendering.render(message.text)
    return str(message.html)


def _safe(html: str) -> SafeString:
    """The one place where HTML is called safe: all of it has left the sanitiser."""
    return mark_safe(html)  # noqa: S308


# --- how it ended ---------------------------------------------------------------------------


def notice_of(message: Message) -> Notice | None:
    if message.status == Status.FAILED:
        return _failure(message)
    if message.status == Status.STOPPED:
        return Notice("Stopped by you.")
    if message.status == Status.INTERRUPTED:
        kept = f" {TEXT_IS_KEPT}" if message.text else ""
        return Notice(f"Interrupted by a server restart.{kept}")
    if message.status == Status.COMPLETE and message.is_answer and message.call:
        return _finish(message, message.call)
    return None


def _finish(message: Message, call: Completion) -> Notice | None:
    limit = call.parameters.get("max_completion_tokens") or call.parameters.get("max_tokens")
    match call.finish_reason:
        case "length" if not message.text:
            words = f"All {limit or call.completion_tokens:,} tokens went on thinking."
            return Notice(words, actions=(RETRY, SETTINGS))
        case "length":
            words = f"Stopped at the {limit:,}-token limit." if limit else "Stopped at the limit."
            return Notice(words, actions=(RETRY, SETTINGS))
        case "content_filter" if message.text:
            return Notice("The provider's filter stopped this answer.")
        case "content_filter":
            return Notice("The provider's filter refused this message.")
        case "tool_calls" | "function_call":
            return Notice("The model asked for a tool that this chat does not have.")
    if not message.text:
        return Notice("The model answered without any text.")
    return None


def _failure(message: Message) -> Notice:
    call = message.call
    if call is None:
        words = "This message could not be sent to the model. Nothing was charged."
        return Notice(words, is_bad=True, actions=(RETRY, SETTINGS))
    said = [_sentence(words_for(call.error, call.error_detail))]
    if message.text:
        said.append(TEXT_IS_KEPT)
    said.append(_charge(call.cost))
    return Notice(
        " ".join(filter(None, said)),
        is_bad=not message.text,
        actions=(RETRY, *_ACTIONS.get(call.error, ())),
    )


def _sentence(words: str) -> str:
    """A provider's own words often end without a stop."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _charge(cost: Decimal | None) -> str:
    """Only "nothing" is worth a word: any other amount stands in the turn's footer."""
    return "Nothing was charged." if cost == 0 else ""
