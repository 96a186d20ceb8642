"""What a provider says is wrong, read from the shapes that are in use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .figures import Figures, read_figures
from .redaction import quotable

# What a code or type means where no HTTP status goes with it, as in the middle of a stream.
STATUS_OF = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "unauthorized": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "bad_request": 400,
    "badrequesterror": 400,
    "timeout": 408,
    "timeout_error": 408,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "too_many_requests": 429,
    "resource_exhausted": 429,
    "tokens": 429,
    "requests": 429,
}
CONTEXT_NAMES = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "contextwindowexceedederror",
}

# How compatible servers say that a prompt is too long, where they have no code for it.
_PROMPT_IS_TOO_LONG = re.compile(
    r"""(?ix) maximum\ (?:context|prompt)\ length | context[_ -]length[_ ]exceeded
    | context[_ -](?:window|size|length|limit) | too\ many\ tokens | (?:prompt|input)\ is\ too\ long
    | prompt\ too\ long | (?:input|prompt)\ token\ count .{0,40} exceeds
    | reduce\ the\ length\ of\ the\ messages | input\ tokens\ exceed
    | `?inputs`?\ tokens\ \+\ `?max_new_tokens`?\ must\ be | `inputs`\ must\ have\ less\ than
    | exceeded\ model\ token\ limit | range\ of\ input\ length\ should\ be """
)


@dataclass(frozen=True)
class Complaint:
    """`names` are its code and type in lower case, `message` is already quotable, and `status`
    is the HTTP status that they stand for.
    """

    names: frozenset[str]
    message: str
    status: int | None
    is_too_long: bool
    figures: Figures


def read_complaint(payload: object) -> Complaint:
    """Read the shapes in use: `{"error": {…}}`, `{"error": "…"}`, `{"detail": "…"}`, `{…}`."""
    if isinstance(payload, list) and payload:
        payload = payload[0]
    body: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
    error = body.get("error")
    fields = error if isinstance(error, Mapping) else body
    spoken = [payload, error, *(fields.get(name) for name in ("message", "detail"))]
    words = next((text for text in spoken if isinstance(text, str) and text), "")
    labels = [fields.get(name) for name in ("code", "type", "status")]
    names = frozenset(label.lower() for label in labels if isinstance(label, str))
    return Complaint(
        names=names,
        # Text that is no part of a JSON payload is the raw body, which is never quoted.
        message="" if isinstance(payload, str) else quotable(words),
        status=_status(labels, names),
        is_too_long=bool(names & CONTEXT_NAMES or _PROMPT_IS_TOO_LONG.search(words)),
        figures=read_figures(fields, words),
    )


def _status(labels: list[Any], names: frozenset[str]) -> int | None:
    for label in labels:
        if isinstance(label, str) and label.isascii() and label.isdigit() and len(label) == 3:
            label = int(label)
        if isinstance(label, int) and 400 <= label < 600:
            return label
    return next((STATUS_OF[name] for name in sorted(names) if name in STATUS_OF), None)
