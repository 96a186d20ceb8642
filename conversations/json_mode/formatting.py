"""JSON as one reads it. Reading and writing it anew would lose 1.10 and double names, so it is
its tokens that are set out anew."""

import re
from collections.abc import Iterator

from .parsing import NotJson, TooMuch, parse

INDENT = "  "
# Characters: depth costs more than its brackets.
MAX_FORMATTED_LENGTH = 5_000_000

# Of a text that is known to be JSON; blanks between its tokens match nothing.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++')


def formatted(text: str) -> str:
    """The JSON with a line for each value, all else as it was; any other text as it is."""
    try:
        parse(text)
    except (NotJson, TooMuch):
        return text
    pieces, length = [], 0
    for piece in _pieces(text):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_FORMATTED_LENGTH:
            return text
    return "".join(pieces)


def _pieces(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for match in _TOKEN.finditer(text):
        part = match[0]
        if part in "]}":
            depth -= 1
        if before and (before in "[{" or part in "]}") and before + part not in ("[]", "{}"):
            yield "\n" + INDENT * depth
        yield part
        if part == ",":
            yield "\n" + INDENT * depth
        elif part == ":":
            yield " "
        elif part in "[{":
            depth += 1
        before = part
