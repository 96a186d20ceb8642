"""Counting: what a prompt will take, and what a call took."""

import gzip
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import tiktoken
import tiktoken.model

ENCODINGS = Path(__file__).parent / "encodings"

# tiktoken looks for files of these names where TIKTOKEN_CACHE_DIR points, and would otherwise
# fetch them from the network at first use, with no timeout.
CACHE_NAMES = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}

# For a model that tiktoken does not know: the encoding of every current OpenAI model. A model
# of another maker splits text differently, so for it this stays an estimate.
FALLBACK_ENCODING = "o200k_base"

PER_MESSAGE = 3  # tokens around each message
PER_NAME = 1  # tokens for a message's name, beside the name itself
PER_REPLY = 3  # tokens that open the answer


@dataclass(frozen=True)
class Usage:
    """What one call took, in tokens.

    `cached` and `cache_write` are parts of `prompt`, `reasoning` is a part of `completion`.
    """

    prompt: int
    completion: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


def encoding_name(model: str) -> str:
    """The name of the model's own encoding, or of the stated fallback."""
    try:
        name = tiktoken.model.encoding_name_for_model(model.removeprefix("ft:"))
    except KeyError:
        return FALLBACK_ENCODING
    return name if name in CACHE_NAMES else FALLBACK_ENCODING


def unpack_encodings(folder: Path) -> None:
    """Put the encodings that come with the project where tiktoken looks for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, cache_name in CACHE_NAMES.items():
        target = folder / cache_name
        if not target.exists():
            # A file of its own for each who comes at the same moment, thread or process.
            with NamedTemporaryFile(dir=folder, delete=False) as part:
                part.write(gzip.decompress((ENCODINGS / f"{name}.tiktoken.gz").read_bytes()))
            os.replace(part.name, target)


@cache
def _encoding(name: str) -> tiktoken.Encoding:
    folder = Path(os.environ["TIKTOKEN_CACHE_DIR"])
    unpack_encodings(folder)
    return tiktoken.get_encoding(name)


# Characters that tiktoken is given at once: it panics at a run of a million blanks.
SLICE = 100_000


def count(text: str, encoding: str) -> int:
    """Tokens of a text. Text that looks like a special token counts as the text it is.

    A very long text is cut at ends of lines, where no token goes across, if it has any.
    """
    encode = _encoding(encoding).encode_ordinary
    return sum(len(encode(piece)) for piece in _slices(text))


def _slices(text: str) -> Iterator[str]:
    while len(text) > SLICE:
        line_end = re.compile(r"\n(?=\S)").search(text, SLICE, 2 * SLICE)
        cut = line_end.end() if line_end else SLICE
        yield text[:cut]
        text = text[cut:]
    yield text


def count_message(role: str, content_tokens: int, name_tokens: int | None = None) -> int:
    """Tokens of one message in a prompt, its frame included.

    After "How to count tokens with tiktoken" in OpenAI's cookbook; every role that this app
    sends is one token in both encodings.
    """
    role_tokens = 1
    named = 0 if name_tokens is None else PER_NAME + name_tokens
    return PER_MESSAGE + role_tokens + content_tokens + named


def count_prompt(messages: Iterable[int]) -> int:
    """Tokens of a whole prompt, given `count_message` of each message."""
    return sum(messages) + PER_REPLY
