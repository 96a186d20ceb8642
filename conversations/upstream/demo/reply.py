"""One reply of the demo: its text, its honest usage, and its pace."""

import asyncio
import bisect
import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from django.conf import settings

from conversations.tokens import Usage, count

from .answers import answer_to
from .question import ENCODING, Question
from .wire import Refused, Wire

FINGERPRINT = "fp_demo"
CONTEXT_WINDOW = 128_000  # tokens

_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True)
class Reply:
    question: Question
    text: str
    usage: Usage
    finish_reason: str
    id: str = field(default_factory=lambda: f"chatcmpl-demo-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @classmethod
    def to(cls, question: Question) -> "Reply":
        """Counts tokens, so it may take a while. Raises Refused where the prompt is too long."""
        prompt = question.prompt_tokens()
        if prompt > CONTEXT_WINDOW:
            message = (
                f"This model's maximum context length is {CONTEXT_WINDOW} tokens. "
                f"However, your messages resulted in {prompt} tokens."
            )
            raise Refused(400, message, code="context_length_exceeded", param="messages")
        whole = answer_to(question)
        text = cut(whole, question.max_tokens)
        usage = Usage(prompt, count(text, ENCODING))
        return cls(question, text, usage, "stop" if text == whole else "length")

    async def send(self, wire: Wire) -> None:
        if self.question.is_streamed:
            await self._stream(wire)
            return
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        await wire.respond(200, self._payload("chat.completion", [choice], usage=self._usage()))

    async def _stream(self, wire: Wire) -> None:
        await wire.begin_events()
        await wire.write_event(self._chunk({"role": "assistant", "content": ""}))
        async for word in self._paced_words():
            if wire.is_gone():
                raise ConnectionResetError
            await wire.write_event(self._chunk({"content": word}))
        await wire.write_event(self._chunk({}, self.finish_reason))
        if self.question.wants_usage:
            usage = self._payload("chat.completion.chunk", [], usage=self._usage())
            await wire.write_event(json.dumps(usage))
        await wire.write_event("[DONE]")
        await wire.end()

    async def _paced_words(self) -> AsyncIterator[str]:
        """The words, each when it is due at so many tokens per second."""
        began = time.monotonic()
        seconds = self.usage.completion / settings.DEMO_TOKENS_PER_SECOND
        for word in _WORD.finditer(self.text):
            due = began + seconds * word.end() / len(self.text)
            await asyncio.sleep(max(due - time.monotonic(), 0))
            yield word[0]

    def _chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        more = {"usage": None} if self.question.wants_usage else {}
        return json.dumps(self._payload("chat.completion.chunk", [choice], **more))

    def _payload(self, kind: str, choices: list[object], **more: object) -> dict[str, object]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": settings.DEMO_MODEL,
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
        } | more

    def _usage(self) -> dict[str, object]:
        return {
            "prompt_tokens": self.usage.prompt,
            "completion_tokens": self.usage.completion,
            "total_tokens": self.usage.total,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


def cut(text: str, max_tokens: int | None) -> str:
    """The text up to so many tokens."""
    if max_tokens is None or count(text, ENCODING) <= max_tokens:
        return text
    lengths = range(len(text) + 1)
    end = bisect.bisect(lengths, max_tokens, key=lambda length: count(text[:length], ENCODING))
    return text[: end - 1]
