"""What is asked: the one place that knows the shape of a Chat Completions request."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

OPENAI_HOST = "api.openai.com"


@dataclass(frozen=True)
class Request:
    """One call: the messages exactly as the model is to see them, and the parameters.

    `max_tokens` is the most that the answer may take, reasoning included. What is None is not
    sent, so the provider's own default holds.
    """

    model: str
    messages: tuple[Mapping[str, str], ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    is_reasoning: bool = False

    def body(self) -> dict[str, object]:
        """Exactly the JSON that goes over the wire."""
        body: dict[str, object] = {
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            self._limit_name(): self.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.top_p is not None:
            body["top_p"] = self.top_p
        return body

    def _limit_name(self) -> str:
        name: str = settings.MAX_TOKENS_PARAMETER
        if name != "auto":
            return name
        is_new = self.is_reasoning or _is_openai(settings.OPENAI_BASE_URL)
        return "max_completion_tokens" if is_new else "max_tokens"


def _is_openai(base_url: str) -> bool:
    """OpenAI's own API, one of its regional hosts included; no address means it too."""
    host = urlsplit(base_url).hostname or ""
    return not base_url or host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")
