"""What travels over the socket of a conversation, as JSON.

To the page:    frame     more of a running answer, or with "whole" everything of it so far
                turn      an ended answer's turn, as HTML
                exchange  a message sent from elsewhere and its answer, as HTML
                thread    another path is shown now: read the log again
                here      the answer to a report
From the page:  show      answers and how many characters of each it has: send it the rest
                seen      the same figures, as a sign of life
"""

import json
import uuid

from django.template.loader import render_to_string

from conversations import threads, transcript
from conversations.models import Conversation, Message
from conversations.turns import Shown, broadcasts

# Characters of a report; a page watches one answer at a time.
LONGEST_REPORT = 2_000
# Bytes of one packet; the server's websocket library refuses a mebibyte.
LARGEST_PACKET = 800_000

Packet = dict[str, object]

HERE: Packet = {"type": "here"}
THREAD_CHANGED: Packet = {"type": "thread"}

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
    }


def report_in(text: str | None) -> dict[str, dict[uuid.UUID, int]] | None:
    """Positions by answer, under "show" (from here, please) and "seen"; None is not a report."""
    if text is None or len(text) > LONGEST_REPORT:
        return None
    try:
        said = json.loads(text)
        if not isinstance(said, dict):
            return None
        return {
            kind: {uuid.UUID(answer): _whole(at) for answer, at in said.get(kind, {}).items()}
            for kind in ("show", "seen")
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _whole(number: object) -> int:
    if type(number) is not int:
        raise ValueError("a position is a whole number")
    return number


def ended_turn(conversation_id: uuid.UUID, answer: uuid.UUID) -> Packet | None:
    found = (
        Message.objects.filter(conversation_id=conversation_id, pk=answer)
        .select_related("conversation")
        .with_calls()
        .first()
    )
    if found is None or found.is_running:
        return None
    turn = transcript.turn_of(found)
    html = render_to_string(
        "conversations/_turn.html", {"turn": turn, "conversation": found.conversation}
    )
    return {"type": "turn", "message": str(answer), "html": html}


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
