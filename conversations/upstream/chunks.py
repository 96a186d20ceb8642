"""One parsed chunk: the text it adds, and what it says of the call.

Providers differ, and some send what no document allows. What cannot be used is passed over; only
what says that the call failed, or is no chunk at all, is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations import errors
from conversations.text import one_line
from conversations.tokens import Usage

from .failures import NOT_AN_ANSWER, failure_of
from .usage import usage_from

# Characters of what is kept of a call, as long as the ledger's columns.
MAX_NAME_LENGTH = 200
MAX_FINISH_REASON_LENGTH = 50
# The last second that a date can name.
END_OF_TIME = 253_402_300_799


@dataclass(frozen=True)
class Delta:
    """What one chunk adds: text for the person, and reasoning, which is never mixed into it."""

    text: str = ""
    reasoning: str = ""


class ChunkReader:
    """Reads chunks one after another; what they say of the call stays here.

    The first finish reason, id and model count, since some servers send odd ones afterwards;
    the last usable usage counts, since some send a growing one with every chunk. Of several
    choices only the one of index 0 is read: the app never asks for more.
    """

    def __init__(self) -> None:
        self.id = ""
        self.model = ""
        self.fingerprint = ""
        self.created: int | None = None
        self.finish_reason = ""
        self.refused = False
        self.usage: Usage | None = None
        self.has_choices = False
        self._has_text = False

    def read(self, payload: object) -> Delta:
        """Raises what the payload reports, and ServerFailed where it is no object."""
        if not isinstance(payload, Mapping):
            raise errors.ServerFailed(NOT_AN_ANSWER)
        if payload.get("error") or payload.get("object") == "error":
            raise failure_of(payload)
        self._note_call(payload)
        choice = _first_choice(payload.get("choices"))
        self.has_choices = self.has_choices or bool(choice)
        if not self.finish_reason:
            self.finish_reason = _name(choice.get("finish_reason"), MAX_FINISH_REASON_LENGTH)
        message = choice.get("delta")
        if not isinstance(message, Mapping):
            # A whole message where a delta belongs repeats what the deltas have said.
            message = None if self._has_text else choice.get("message")
        delta = self._delta(message) if isinstance(message, Mapping) else Delta()
        self._has_text = self._has_text or bool(delta.text)
        return delta

    def _note_call(self, payload: Mapping[str, Any]) -> None:
        self.id = self.id or _name(payload.get("id"))
        self.model = self.model or _name(payload.get("model"))
        self.fingerprint = self.fingerprint or _name(payload.get("system_fingerprint"))
        if self.created is None:
            self.created = _moment(payload.get("created"))
        self.usage = usage_from(payload.get("usage")) or self.usage

    def _delta(self, message: Mapping[str, Any]) -> Delta:
        text, thought = _text_and_reasoning(message.get("content"))
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            self.refused = True
            text += refusal
        for name in ("reasoning_content", "reasoning"):
            # Some servers send the same words under both names.
            if not thought and isinstance(reasoning := message.get(name), str):
                thought = reasoning
        return Delta(text, thought)


def _first_choice(choices: object) -> Mapping[str, Any]:
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping) and choice.get("index", 0) in (0, None):
            return choice
    return {}


def _text_and_reasoning(content: object) -> tuple[str, str]:
    """The words of a message's content: a text, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content, ""
    text = thought = ""
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, Mapping):
            continue
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            text += part["text"]
        elif part.get("type") == "thinking":
            thought += _text_and_reasoning(part.get("thinking"))[0]
    return text, thought


def _name(value: object, limit: int = MAX_NAME_LENGTH) -> str:
    """A printable name of at most `limit` characters, or nothing."""
    if not isinstance(value, str):
        return ""
    return one_line("".join(char for char in value[: 4 * limit] if char.isprintable()), limit)


def _moment(value: object) -> int | None:
    """Seconds since 1970, where the value can be that."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value <= END_OF_TIME else None
