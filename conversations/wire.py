"""What travels over the socket of a conversation, as JSON.

To the page:    frame     more of a running answer, or with "whole" everything of it so far
                turn      an ended answer's turn, as HTML
                wait      why an answer is not written yet, as HTML; "" once it goes on
                exchange  a message sent from elsewhere and its answer, as HTML
                thread    another path is shown now: read the log again
                          (these three say which change of the conversation that is: "changes")
                trouble   what is wrong with this site for now, in words; "" once it is over
                here      the answer to a report: what the page should have by now, had nothing
                          been lost ("at"), and the newest change that was told ("changes")
From the page:  show      answers and how many characters of each it has, -1 where it shows that
                          one waits: send it the rest
                seen      the same figures, as a sign of life
                          (with both: how many of its reasoning, "thoughts", by whose frames it
                          has shown that, "sources", and up to which change of the conversation
                          its log is read, "changes")
"""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string

from conversations import threads, transcript
from conversations.models import Completion, Conversation, Message
from conversations.turns import Shown
from conversations.turns.sharing import broadcasts

# Characters of a report; a page watches one answer at a time.
LONGEST_REPORT = 2_000
# Bytes of one packet; the server's websocket library refuses a mebibyte.
LARGEST_PACKET = 800_000

Packet = dict[str, object]


def here(changes: int, at: Mapping[uuid.UUID, Shown | None]) -> Packet:
    marks = {
        str(answer): {"to": now.position, "thoughtTo": len(now.reasoning), "source": now.source}
        for answer, now in at.items()
        if now
    }
    return {"type": "here", "changes": changes, "at": marks}


def thread_changed(changes: int = 0) -> Packet:
    """Without a number the page reads its log again, whatever it has."""
    return {"type": "thread", "changes": changes}


_encoded: tuple[broadcasts.FrameShown, str, int] | None = None


def frame_text(frame: broadcasts.FrameShown) -> tuple[str, int]:
    """The frame as sent and its bytes, encoded once however many read it."""
    global _encoded
    if _encoded is None or _encoded[0] is not frame:
        message = {
            "type": "frame",
            "message": str(frame.answer),
            "from": frame.begin,
            "to": frame.end,
            "settled": frame.settled,
            "tail": frame.tail,
            "grown": frame.grown,
            "reasoning": frame.reasoning,
            "thoughtFrom": frame.thought_begin,
            "thoughtTo": frame.thought_begin + len(frame.reasoning),
            "source": frame.source,
        }
        text = json.dumps(message, ensure_ascii=False)
        _encoded = (frame, text, len(text.encode()))
    return _encoded[1:]


def whole_frame(answer: uuid.UUID, now: Shown) -> Packet:
    """Everything of a running answer so far."""
    return {
        "type": "frame",
        "message": str(answer),
        "whole": True,
        "from": 0,
        "to": now.position,
        "settled": now.settled,
        "tail": now.tail,
        "grown": "",
        "reasoning": now.reasoning,
        "thoughtFrom": 0,
        "thoughtTo": len(now.reasoning),
        "source": now.source,
    }


@dataclass(frozen=True)
class Report:
    """What a page has, by answer: `show` asks for the rest."""

    show: Mapping[uuid.UUID, int]
    seen: Mapping[uuid.UUID, int]
    thoughts: Mapping[uuid.UUID, int]
    sources: Mapping[uuid.UUID, int]
    changes: int | None

    def has(self, answer: uuid.UUID, now: Shown) -> bool:
        """Whether the page shows just this, so that the next frame fits."""
        position = self.show.get(answer, self.seen.get(answer))
        is_cut_alike = not position or self.sources.get(answer) == now.source
        has_thoughts = self.thoughts.get(answer, 0) == len(now.reasoning)
        return position == now.position and has_thoughts and is_cut_alike


def report_in(text: str | None) -> Report | None:
    """None is not a report."""
    if text is None or len(text) > LONGEST_REPORT:
        return None
    try:
        said = json.loads(text)
        if not isinstance(said, dict):
            return None
        show, seen, thoughts, sources = (
            {uuid.UUID(answer): _whole(at) for answer, at in said.get(kind, {}).items()}
            for kind in ("show", "seen", "thoughts", "sources")
        )
        changes = _whole(said["changes"]) if "changes" in said else None
        return Report(show, seen, thoughts, sources, changes)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _whole(number: object) -> int:
    if type(number) is not int:
        raise ValueError("positions and their like are whole numbers")
    return number


_waiting: tuple[broadcasts.WaitChanged, Packet] | None = None
_waiting_lock = threading.Lock()


def wait(conversation_id: uuid.UUID, changed: broadcasts.WaitChanged) -> Packet:
    """Why an answer waits now, rendered once however many read it; asks the database."""
    global _waiting
    with _waiting_lock:
        if _waiting is None or _waiting[0] is not changed:
            waiting = None
            if changed.wait:
                waiting = transcript.waiting_of(changed.wait, _newest_detail(changed.answer))
            _waiting = (changed, _wait_packet(conversation_id, changed.answer, waiting))
        return _waiting[1]


def is_wait(packet: Packet | None) -> bool:
    """Whether it says that an answer waits."""
    return packet is not None and packet["type"] == "wait" and bool(packet["html"])


def trouble(words: str) -> Packet:
    return {"type": "trouble", "words": words}


def _newest_detail(answer: uuid.UUID) -> str:
    calls = Completion.objects.filter(message_id=answer).order_by("-pk")
    return calls.values_list("error_detail", flat=True).first() or ""


def _wait_packet(
    conversation_id: uuid.UUID, answer: uuid.UUID, waiting: transcript.Waiting | None
) -> Packet:
    context = {"wait": waiting, "conversation_id": conversation_id, "message_id": answer}
    html = render_to_string("conversations/_wait.html", context) if waiting else ""
    return {"type": "wait", "message": str(answer), "html": html}


def stored_turn(conversation_id: uuid.UUID, answer: uuid.UUID) -> Packet | None:
    """An answer as the database has it: its turn where it has ended, else what it waits for."""
    found = (
        Message.objects.filter(conversation_id=conversation_id, pk=answer)
        .select_related("conversation")
        .with_calls()
        .first()
    )
    if found is None:
        return None
    if found.is_running:
        return _wait_packet(conversation_id, answer, transcript.wait_of(found))
    if len(found.html) + len(found.text) > LARGEST_PACKET:
        return thread_changed()
    turn = transcript.turn_of(found)
    html = render_to_string(
        "conversations/_turn.html", {"turn": turn, "conversation": found.conversation}
    )
    return {"type": "turn", "message": str(answer), "html": html}


_ended: tuple[uuid.UUID, int, Packet | None] | None = None
_ended_lock = threading.Lock()


def ended_turn(conversation_id: uuid.UUID, answer: uuid.UUID, changes: int) -> Packet | None:
    """The same, after this change of the conversation: read and rendered once however many are
    told of it. A long answer once for each of fifty readers took half a gigabyte.
    """
    global _ended
    if not changes:
        return stored_turn(conversation_id, answer)
    with _ended_lock:
        if _ended is None or _ended[:2] != (answer, changes):
            _ended = (answer, changes, stored_turn(conversation_id, answer))
        return _ended[2]


def exchange(conversation_id: uuid.UUID, question: uuid.UUID) -> Packet | None:
    conversation = Conversation.objects.get(pk=conversation_id)
    grown = threads.tree(conversation)
    path = grown.path_to(conversation.current_leaf_id)
    if question not in path:
        return None
    turns = transcript.turns_of(conversation, grown, path[path.index(question) :])
    context = {"conversation": conversation, "exchange": transcript.group(turns)[0]}
    html = render_to_string("conversations/_exchange.html", context)
    return {"type": "exchange", "id": str(question), "html": html}
