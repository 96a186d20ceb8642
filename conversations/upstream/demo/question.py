"""A request body, checked as the API would check it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from conversations.tokens import count, count_message, count_prompt

from .wire import Refused

# The demo counts as OpenAI's current models do.
ENCODING = "o200k_base"

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# The API's ranges.
RANGES = {"temperature": (0, 2), "top_p": (0, 1), "presence_penalty": (-2, 2)} | {
    "frequency_penalty": (-2, 2)
}


@dataclass(frozen=True)
class Asked:
    """One message, its content as one text."""

    role: str
    text: str
    name: str | None = None

    def tokens(self) -> int:
        name_tokens = None if self.name is None else count(self.name, ENCODING)
        return count_message(self.role, count(self.text, ENCODING), name_tokens)


@dataclass(frozen=True)
class Question:
    messages: tuple[Asked, ...]
    max_tokens: int | None = None
    is_streamed: bool = False
    wants_usage: bool = False
    wants_json: bool = False
    schema: object = None

    @property
    def last_of_user(self) -> str:
        """What the person asked last; "" where no message is a person's."""
        return next((one.text for one in reversed(self.messages) if one.role == "user"), "")

    def prompt_tokens(self) -> int:
        return count_prompt(message.tokens() for message in self.messages)


def read_question(body: bytes) -> Question:
    """Raises Refused where the API would not take it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(asked, dict):
        raise Refused(400, "The body of your request must be a JSON object.")
    _check_model(asked.get("model"))
    _check_numbers(asked)
    is_streamed = _flag(asked, "stream")
    options = asked.get("stream_options")
    if options is not None and not (is_streamed and isinstance(options, dict)):
        raise _invalid("stream_options", "is an object, only allowed when stream is enabled.")
    return Question(
        messages=_messages(asked.get("messages")),
        max_tokens=_limit(asked),
        is_streamed=is_streamed,
        wants_usage=_flag(options or {}, "include_usage"),
        wants_json=_wants_json(asked),
        schema=_schema(asked),
    )


def _invalid(param: str, words: str) -> Refused:
    return Refused(400, f"Invalid '{param}': it {words}", param=param, code="invalid_value")


def _check_model(model: object) -> None:
    if not isinstance(model, str) or not model:
        raise Refused(400, "you must provide a model parameter", param="model")
    if model != settings.DEMO_MODEL:
        message = f"The demo has one model, {settings.DEMO_MODEL!r}, and not the one asked for."
        raise Refused(404, message, code="model_not_found", param="model")


def _check_numbers(asked: Mapping[str, Any]) -> None:
    for name, (least, most) in RANGES.items():
        value = asked.get(name)
        if value is not None and not (_is_number(value) and least <= value <= most):
            raise _invalid(name, f"must be a number from {least} to {most}.")
    if asked.get("n") not in (None, 1):
        raise _invalid("n", "must be 1 here: the demo gives one answer.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flag(asked: Mapping[str, Any], name: str) -> bool:
    value = asked.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(name, "must be true or false.")
    return bool(value)


def _limit(asked: Mapping[str, Any]) -> int | None:
    given = {
        name: asked[name]
        for name in ("max_tokens", "max_completion_tokens")
        if asked.get(name) is not None
    }
    if len(given) > 1:
        raise _invalid("max_tokens", "cannot be given together with 'max_completion_tokens'.")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise _invalid(name, "must be a whole number of at least 1.")
        return value
    return None


def _messages(given: object) -> tuple[Asked, ...]:
    if not isinstance(given, list) or not given:
        raise _invalid("messages", "must be a list with at least one message.")
    return tuple(_message(f"messages[{index}]", one) for index, one in enumerate(given))


def _message(param: str, given: object) -> Asked:
    if not isinstance(given, dict):
        raise _invalid(param, "must be an object.")
    role, name = given.get("role"), given.get("name")
    if role not in ROLES:
        raise _invalid(f"{param}.role", f"must be one of {', '.join(ROLES)}.")
    if name is not None and not isinstance(name, str):
        raise _invalid(f"{param}.name", "must be a text.")
    return Asked(role, _text(f"{param}.content", role, given.get("content")), name)


def _text(param: str, role: str, content: object) -> str:
    if isinstance(content, str):
        return content
    if content is None and role == "assistant":
        return ""
    if not isinstance(content, list):
        raise _invalid(param, "must be a text or a list of parts.")
    found = [part.get("text") for part in content if isinstance(part, dict)]
    texts = [text for text in found if isinstance(text, str)]
    if len(texts) != len(content):
        raise _invalid(param, "may hold text parts only: the demo reads nothing else.")
    return "".join(texts)


def _wants_json(asked: Mapping[str, Any]) -> bool:
    wanted = asked.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else wanted
    if kind not in (None, "text", "json_object", "json_schema"):
        raise _invalid("response_format", "must be text, json_object or json_schema.")
    if kind == "json_object" and "json" not in json.dumps(asked.get("messages")).lower():
        raise _invalid("messages", "must contain the word 'json' in some form, to use json_object.")
    return kind in ("json_object", "json_schema")


def _schema(asked: Mapping[str, Any]) -> object:
    wanted = asked.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return None
    named = wanted.get("json_schema")
    if not isinstance(named, dict) or not isinstance(named.get("name"), str):
        raise _invalid("response_format.json_schema", "must be an object with a name.")
    schema = named.get("schema", {})
    if not isinstance(schema, dict):
        raise _invalid("response_format.json_schema.schema", "must be an object.")
    return schema
