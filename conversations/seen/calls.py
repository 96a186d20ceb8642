"""A call of the ledger as one reads it: rebuilt from what is stored now, and verified."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conversations.context import Rebuilt, rebuild
from conversations.context.record import CHANGED, DELETED, MISSING, Kept, Stored, messages_in
from conversations.errors import words_for
from conversations.models import Completion, Message

from .lines import Line, Seen, Summarised, as_body, parameters_of, strategy_label, summarised, who

_PROBLEMS = {
    DELETED: "Deleted since.",
    MISSING: "Not there any more.",
    CHANGED: "Changed since: this is not the text that was sent.",
}
# How an attempt ended, in short, where its code does not read as words.
_ENDINGS = {
    "rate_limit": "rate-limited",
    "server": "provider failed",
    "connection": "not reached",
    "no_connection": "not reached",
    "timeout": "no answer in time",
    "cut_off": "broke off",
    "asked_to_wait": "asked to wait",
}
_REMOVED = "Removed with the chat's content."
_CHANGED_AND_DELETED = "Changed and deleted since."


class Verdict(StrEnum):
    PROVED = "proved"
    BROKEN = "broken"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Proof:
    verdict: Verdict
    words: str


@dataclass(frozen=True)
class Attempt:
    """One call of an answer: each attempt and each continuation is one."""

    number: int
    call: Completion
    is_shown: bool
    # It went on after what an earlier call had written.
    is_continued: bool = False

    @property
    def words(self) -> str:
        """How it went, in short."""
        kind = "continued, " if self.is_continued else ""
        if self.call.ended_at is None:
            return f"{kind}running"
        error = _ENDINGS.get(self.call.error) or self.call.error.replace("_", " ")
        return kind + (error or self.call.finish_reason or "ended")


@dataclass(frozen=True)
class SeenCall:
    """`is_of_original` says that the message is a copy, and the call that of its original."""

    call: Completion
    seen: Seen
    proof: Proof
    attempts: Sequence[Attempt] = ()
    is_of_original: bool = False

    @property
    def number(self) -> int:
        return next((each.number for each in self.attempts if each.is_shown), 1)

    @property
    def actual(self) -> int | None:
        """Tokens of the prompt as the API counted them, where it told."""
        is_told = self.call.ended_at is not None and not self.call.is_estimated
        return self.call.prompt_tokens or None if is_told else None

    @property
    def difference(self) -> str:
        """+3 (+4.1%), of the estimate."""
        if self.actual is None:
            return ""
        more = self.actual - self.seen.tokens
        share = f" ({more / self.seen.tokens:+.1%})" if self.seen.tokens else ""
        return f"{more:+,}{share}"

    @property
    def error(self) -> str:
        return words_for(self.call.error, self.call.error_detail) if self.call.error else ""


def seen_of(message: Message, call_id: int | None = None) -> SeenCall | None:
    """The newest call made for a message, or one of them; None where there is none such."""
    rows = _calls_of(message)
    wanted = rows[-1].pk if rows and call_id is None else call_id
    attempts = [
        Attempt(number, row, row.pk == wanted, row.text_begin > rows[0].text_begin)
        for number, row in enumerate(rows, start=1)
    ]
    shown = next((each.call for each in attempts if each.is_shown), None)
    return seen_call(shown, attempts, message) if shown else None


def seen_call(
    call: Completion, attempts: Sequence[Attempt] = (), message: Message | None = None
) -> SeenCall:
    rebuilt = rebuild(call.context, call.context_sha256, _stored(call))
    summaries = summarised(
        {entry.summary for entry in rebuilt.entries if entry.summary is not None}, call.user_id
    )
    is_removed = _is_removed(call, rebuilt)
    problems = _PROBLEMS | ({MISSING: _REMOVED} if is_removed else {})
    lines = [_line(*each, summaries, problems) for each in enumerate(rebuilt.entries, start=1)]
    seen = Seen(
        lines=lines,
        tokens=call.estimated_prompt_tokens,
        strategy=strategy_label(call.strategy),
        note=call.context_note,
        parameters=parameters_of(call.parameters),
        body="" if rebuilt.messages is None else as_body(call.parameters, rebuilt.messages),
    )
    is_of_original = message is not None and message.pk != call.message_id
    proof = _proof_of_removed(rebuilt) if is_removed else _proof(rebuilt)
    return SeenCall(call, seen, proof, attempts, is_of_original)


def _calls_of(message: Message) -> list[Completion]:
    """Oldest first. A copy has those that its original had when it was copied, and its own."""
    calls = list(message.completions.defer("context").order_by("pk"))
    copy = message
    while original := copy.copied_from:
        earlier = original.completions.filter(created_at__lte=copy.created_at)
        calls = [*earlier.defer("context").order_by("pk"), *calls]
        copy = original
    return calls


def _stored(call: Completion) -> dict[uuid.UUID, Stored]:
    """The texts that the record names, in this conversation and in others of the same person.

    What stands in another chat that they have deleted counts as deleted.
    """
    messages = Message.objects.filter(owner_id=call.user_id).select_related("conversation")
    wanted = messages.only("text", "deleted_at", "conversation__deleted_at")
    return {
        pk: Stored(message.text, message.is_deleted or _is_elsewhere_and_gone(message, call))
        for pk, message in wanted.in_bulk(messages_in(call.context)).items()
    }


def _is_elsewhere_and_gone(message: Message, call: Completion) -> bool:
    is_here = message.conversation_id == call.conversation_id
    return not is_here and message.conversation.deleted_at is not None


def _is_removed(call: Completion, rebuilt: Rebuilt) -> bool:
    """Whether what is not there any more went with its conversation's content."""
    is_gone = any(entry.problem == MISSING for entry in rebuilt.entries)
    return bool(is_gone and call.conversation and call.conversation.erased_at)


def _line(
    number: int, entry: Kept, summaries: dict[int, Summarised], problems: Mapping[str, str]
) -> Line:
    is_hidden = entry.problem == CHANGED and entry.text is None
    return Line(
        number=number,
        who=who(
            entry.role,
            is_stored=entry.message is not None,
            joins=entry.joins,
            summary=entry.summary,
        ),
        state=entry.state,
        tokens=entry.tokens,
        text=entry.text,
        reason=entry.reason,
        label=entry.label.strip(),
        problem=_CHANGED_AND_DELETED if is_hidden else problems.get(entry.problem, ""),
        summarised=summaries.get(entry.summary) if entry.summary else None,
    )


# --- the proof in words -----------------------------------------------------------------------


def _proof(rebuilt: Rebuilt) -> Proof:
    if not rebuilt.entries:
        return Proof(Verdict.UNKNOWN, "No messages were recorded for this call.")
    if rebuilt.is_broken:
        return Proof(Verdict.BROKEN, f"This is not what was sent: {_change(rebuilt)}.")
    if rebuilt.messages is None:
        words = f"Cannot be shown whole: {_gap(rebuilt)}; the rest is as it was sent."
        return Proof(Verdict.INCOMPLETE, words)
    return Proof(
        Verdict.PROVED,
        "Proved: the SHA-256 of these messages is that of the array that was sent.",
    )


def _proof_of_removed(rebuilt: Rebuilt) -> Proof:
    if rebuilt.is_broken:
        return _proof(rebuilt)
    words = "The chat's content was removed: lengths, hashes and tokens are as they were recorded."
    return Proof(Verdict.INCOMPLETE, words)


def _change(rebuilt: Rebuilt) -> str:
    changed = [
        str(number)
        for number, entry in enumerate(rebuilt.entries, start=1)
        if entry.is_in_array and entry.problem == CHANGED
    ]
    if not changed:
        return "the SHA-256 of these messages is not that of the array that was sent"
    if len(changed) == 1:
        return f"message {changed[0]} was changed since"
    return f"messages {', '.join(changed)} were changed since"


def _gap(rebuilt: Rebuilt) -> str:
    sent = [entry for entry in rebuilt.entries if entry.is_in_array]
    deleted = sum(entry.problem == DELETED for entry in sent)
    missing = sum(entry.problem == MISSING for entry in sent)
    said = []
    if deleted:
        said.append("a message was" if deleted == 1 else f"{deleted:,} messages were")
        said[-1] += " deleted since"
    if missing:
        said.append("a message is" if missing == 1 else f"{missing:,} messages are")
        said[-1] += " not there any more"
    return " and ".join(said)
