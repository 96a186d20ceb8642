"""What is asked: the one place that knows the shape of a Chat Completions request."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

OPENAI_HOST = "api.openai.com"

# What o-series and gpt-5 models refuse with 400. They take a seed and a response format.
REFUSED_BY_REASONING = frozenset({"temperature", "top_p", "stop"})


def ignored(is_reasoning: bool) -> frozenset[str]:
    """The parameters of a Request that are not sent to such a model, by name."""
    return REFUSED_BY_REASONING if is_reasoning else frozenset()


@dataclass(frozen=True)
class Request:
    """One call: the messages exactly as the model is to see them, and the parameters.

    `max_tokens` is the most that the answer may take, reasoning included. What is None or empty
    is not sent, so the provider's own default holds; nor is what this model would refuse
    (`ignored`). `response_format` is sent as it is.
    """

    model: str
    messages: tuple[Mapping[str, str], ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    response_format: Mapping[str, object] | None = None
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
        return body | self._parameters()

    def _parameters(self) -> dict[str, object]:
        chosen: dict[str, object] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "stop": list(self.stop) or None,
            "seed": self.seed,
            "response_format": deepcopy(dict(self.response_format or {})) or None,
        }
        unsent = ignored(self.is_reasoning)
        return {
            name: value
            for name, value in chosen.items()
            if value is not None and name not in unsent
        }

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
