"""What the demo says.

It understands nothing, and says so. It counts the messages that it was sent, and shows one piece
for each word that it knows, so that a person can see how this site renders it. It never repeats
what it was sent.
"""

import json
import re
from collections import Counter
from pathlib import Path

from .question import Question
from .sample import sample_of

PIECES = Path(__file__).parent / "pieces"

# The words that the demo knows, and the piece that each one brings.
PIECE_OF = {
    "table": "table",
    "tables": "table",
    "code": "code",
    "maths": "maths",
    "math": "maths",
    "json": "json",
    "long": "long",
}
# Up to so many messages, each role is named in turn; above, they are counted.
MAX_LISTED = 12


def answer_to(question: Question) -> str:
    if question.schema is not None:
        return json.dumps(sample_of(question.schema), indent=2)
    if question.wants_json:
        return _as_json(question)
    words = re.findall(r"[a-z]+", question.last_of_user.lower())
    names = dict.fromkeys(PIECE_OF[word] for word in words if word in PIECE_OF)
    return "\n\n".join([_received(question), *(_piece(name) for name in names or ["hello"])])


def _received(question: Question) -> str:
    return (
        "*This answer comes from the demo that is built into this site, not from a language "
        f"model. I received {_listed(question)}: {question.prompt_tokens():,} tokens in all.*"
    )


def _listed(question: Question) -> str:
    """Which messages came, by role: the API's own six names, so there is nothing to escape."""
    roles = [message.role for message in question.messages]
    if len(roles) == 1:
        return f"1 message ({roles[0]})"
    counted = [f"{times} {role}" for role, times in Counter(roles).items()]
    return f"{len(roles)} messages ({', '.join(roles if len(roles) <= MAX_LISTED else counted)})"


def _as_json(question: Question) -> str:
    roles = Counter(message.role for message in question.messages)
    answer = {
        "from": "the demo that is built into this site, not a language model",
        "received": {
            "messages": len(question.messages),
            "by_role": dict(roles),
            "prompt_tokens": question.prompt_tokens(),
        },
        "try": sorted(set(PIECE_OF.values())),
    }
    return json.dumps(answer, indent=2)


def _piece(name: str) -> str:
    return (PIECES / f"{name}.md").read_text(encoding="utf-8").strip()
