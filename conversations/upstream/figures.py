"""The figures in a provider's refusal of a prompt that is too long.

The SDK hands over a sentence. What it says differs from server to server, so each wording is one
line of the table below; a server that says nothing of a figure leaves it None.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .usage import ABSURD_TOKENS

# Characters of a refusal that are read: the figures stand in its first sentences.
MAX_READ_LENGTH = 4_000

_NUMBER = r"(?<![\d,.'_])-?\d[\d,.'_\u00a0\u202f]*"
_WHOLE = re.compile(r"[1-9]\d*|[1-9]\d{0,2}(?:[,.'_\u00a0\u202f]\d{3})+", re.ASCII)

# {answer} is the answer's share. The first wording that tells a figure counts. "At least 769
# tokens", as vLLM says where it stopped counting, tells none.
_WORDINGS = (
    r"context limit: {prompt} \+ {answer} > {limit}",
    r"must be <= {limit}\. given: {prompt} (?:`?inputs`? tokens )?and {answer}",
    r"must have less than {limit} tokens\. given: {prompt}",
    r"must be <= {limit}",
    r"{prompt} tokens > {limit} maximum",
    r"n_keep: {prompt} ?>= n_ctx: {limit}",
    r"token count is {prompt} but (?:the )?model only supports up to {limit}",
    r"token limit: {limit} \(requested: {asked}\)",
    r"too large for model with {limit} maximum context",
    r"(?:context|prompt) (?:length|size|window|limit)(?: is| of)? (?:only )?\(?{limit}",
    r"(?:configured|token|the) limit of {limit}",
    r"tokens allowed \({limit}\)",
    r"input length should be \[\d{1,9}, {limit}\]",
    r"requested (?:about |a total of )?{asked} tokens",
    r"requested {answer} output tokens",
    r"max_completion_tokens' is too large: {answer}",
    r"{answer} (?:tokens )?(?:in|for) the (?:completion|output)",
    r"messages resulted in {prompt} tokens",
    r"requested tokens \({prompt}\) exceed",
    r"token count (?:of )?\(?{prompt}\)? exceeds",
    r"(?:request|prompt|input) (?:contains|has) {prompt} (?:input )?tokens",
    r"(?:request|prompt|input) \({prompt} tokens\)",
    r"{prompt} (?:tokens )?(?:in|from) (?:the|your) (?:input )?(?:messages|prompt)",
)
_PATTERNS = [
    re.compile(
        re.sub(r"\{([a-z]+)\}", lambda name: f"(?P<{name[1]}>{_NUMBER})", wording), re.IGNORECASE
    )
    for wording in _WORDINGS
]


@dataclass(frozen=True)
class Figures:
    """Tokens: the most that fits, all that was asked for, and the prompt's share of that."""

    limit: int | None = None
    asked: int | None = None
    prompt: int | None = None


def read_figures(fields: Mapping[str, Any], words: str) -> Figures:
    """`fields` is the error object, in which llama.cpp has its figures; they count before words."""
    words = words[:MAX_READ_LENGTH]
    found = {"limit": _believed(fields.get("n_ctx"))}
    found["prompt"] = _believed(fields.get("n_prompt_tokens"))
    for pattern in _PATTERNS:
        match = pattern.search(words)
        for name, number in match.groupdict().items() if match else ():
            found[name] = found.get(name) or _read(number)
    asked, prompt, answer = found.get("asked"), found.get("prompt"), found.get("answer")
    if asked and answer:
        # What is not the answer is the prompt: tools, which some count apart, are part of it.
        prompt = _believed(asked - answer) or prompt
    elif prompt and answer:
        asked = _believed(prompt + answer)
    return Figures(found["limit"], asked, prompt)


def _read(number: str) -> int | None:
    number = number.rstrip(",.'_\u00a0\u202f")
    digits = re.sub(r"\D", "", number)
    is_sane = _WHOLE.fullmatch(number) and len(digits) <= len(str(ABSURD_TOKENS))
    return _believed(int(digits)) if is_sane else None


def _believed(figure: object) -> int | None:
    if isinstance(figure, bool) or not isinstance(figure, int):
        return None
    return figure if 0 < figure <= ABSURD_TOKENS else None
