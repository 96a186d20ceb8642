"""How a conversation is asked now, as its page says it."""

from __future__ import annotations

import json

from conversations.context import STRATEGIES
from conversations.models import Conversation, ResponseFormat

from ..calls import as_json
from ..rights import HIDDEN


def parameters_of(conversation: Conversation, *, with_words: bool) -> list[tuple[str, str]]:
    """What is set, by name; stop texts, a schema and a preset's name are a person's words."""
    words = {
        "Stop texts": json.dumps(conversation.stop, ensure_ascii=False)
        if conversation.stop
        else "",
        "JSON schema": as_json(conversation.json_schema) if conversation.json_schema else "",
        "Preset": conversation.preset.name if conversation.preset else "",
    }
    figures = {
        "Temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "Max tokens": conversation.max_tokens and f"{conversation.max_tokens:,}",
        "Seed": conversation.seed,
        "Context": _strategy(conversation),
    }
    if conversation.response_format != ResponseFormat.TEXT:
        figures["Answers as"] = conversation.get_response_format_display()
    shown = {name: str(value) for name, value in figures.items() if value not in (None, "")}
    shown |= {name: text if with_words else HIDDEN for name, text in words.items() if text}
    return list(shown.items())


def _strategy(conversation: Conversation) -> str:
    known = STRATEGIES.get(conversation.strategy)
    name = known.label if known else conversation.strategy
    numbers = ", ".join(
        f"{number.replace('_', ' ')} {value}"
        for number, value in conversation.strategy_numbers.items()
    )
    return f"{name} ({numbers})" if numbers else name
