"""The canonical HTML of a whole text."""

from .allowed import sanitised
from .blocks import Blocks
from .limits import FORMATTED_CHARACTERS
from .source import complete_lines, normal
from .verbatim import VerbatimPieces, verbatim


def render(text: str) -> str:
    """Markdown to HTML that is safe to insert. Never raises, and loses no character."""
    source = normal(text)
    end = _formatted_end(source)
    html = [Blocks(source[:end], {}).html()]
    pieces = VerbatimPieces()
    html += (sanitised(verbatim(piece)) for piece in pieces.feed(source[end:]))
    if held := pieces.flush():
        html.append(sanitised(verbatim(held)))
    return "".join(html)


def _formatted_end(source: str) -> int:
    """Where a text that is too long goes on as written: at a block, but not inside a fence."""
    if len(source) <= FORMATTED_CHARACTERS:
        return len(source)
    blocks = Blocks(complete_lines(source, FORMATTED_CHARACTERS), {})
    fence_there = blocks.last_fence()
    if not fence_there:
        return blocks.end
    fence, inside = fence_there
    _, after = fence.feed(source[inside:])
    return len(source) - len(after or "")
