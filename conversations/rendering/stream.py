"""Markdown that is still being written, rendered as it comes.

An answer is blocks. All but the last are settled: rendered once, appended to the page, never
touched again. The last one, the tail, is rendered anew as it grows; an open code fence only gets
text appended, and is coloured when it closes.
"""

import sys
from html import escape

from .allowed import sanitised
from .blocks import Blocks, References
from .code import figure
from .fence import Fence
from .limits import FORMATTED_CHARACTERS, TAIL_CHARACTERS
from .page import Page, Snapshot, Update
from .source import Newlines, complete_lines
from .tail import tail_html
from .unsettled import Unsettled
from .verbatim import VerbatimPieces, verbatim


class StreamRenderer:
    """After `flush` all is settled, and equals `render` of the whole text.

    With one exception: a link whose definition comes after its block has settled stays text
    here, and is a link there.
    """

    def __init__(self) -> None:
        self._newlines = Newlines()
        self._references: References = {}
        self._page = Page()
        self._rest = Unsettled()
        self._unshown: list[str] = []
        self._fence: Fence | None = None
        self._verbatim: VerbatimPieces | None = None
        self._room = FORMATTED_CHARACTERS
        self._is_full = False

    def feed(self, delta: str) -> Update:
        self._read_within_limit(self._newlines.feed(delta))
        return self._page.take_update()

    def flush(self) -> Update:
        """The end of the text. Nothing may be fed after it."""
        self._read_within_limit(self._newlines.flush())
        if self._verbatim:
            held = self._verbatim.flush()
            self._page.settle(sanitised(verbatim(held)) if held else "")
        else:
            self._page.settle(Blocks(self._rest.text, self._references).html())
            self._rest.restart()
        self._page.replace_tail("")
        return self._page.take_update()

    def snapshot(self) -> Snapshot:
        return self._page.snapshot()

    @property
    def unsettled(self) -> int:
        """Characters that the next `feed` may have to render, beside its own."""
        return len(self._rest)

    def _read_within_limit(self, text: str) -> None:
        if len(text) > self._room:
            self._read(text[: self._room])
            text = text[self._room :]
            self._room = sys.maxsize
            self._read(self._stop_formatting())
        self._room -= len(text)
        self._read(text)

    def _read(self, text: str) -> None:
        while text:
            if self._verbatim:
                text = self._read_verbatim(text, self._verbatim)
            elif self._fence:
                text = self._read_code(text, self._fence)
            else:
                text = self._read_blocks(text)

    # Each of these reads on and gives back what is not its own.

    def _read_blocks(self, text: str) -> str:
        self._rest.add(text)
        self._unshown.append(text)
        if self._rest.is_due:
            return self._parse()
        self._grow()
        return ""

    def _read_code(self, text: str, fence: Fence) -> str:
        shown, after = fence.feed(text)
        if after is None:
            self._rest.add(text)
            self._page.grow(escape(shown, quote=False))
            return ""
        self._rest.add(text[: len(text) - len(after)])
        self._settle_fence()
        return after

    def _read_verbatim(self, text: str, pieces: VerbatimPieces) -> str:
        full = pieces.feed(text)
        for piece in full:
            self._page.settle(sanitised(verbatim(piece)))
        if full or not self._page.can_grow:
            self._page.replace_tail(sanitised(verbatim(pieces.held, is_growing=True)))
        else:
            self._page.grow(escape(text, quote=False))
        return ""

    def _parse(self) -> str:
        """Settle what is final, show the rest; gives back what follows a fence that closed."""
        source = self._rest.text
        blocks = Blocks(complete_lines(source), self._references)
        self._page.settle(blocks.final_html())
        self._rest.restart(source[blocks.end :])
        fence_there = blocks.last_fence()
        if not fence_there:
            self._show_tail(is_same_block=blocks.end == 0)
            return ""
        self._fence, inside = fence_there
        shown, after = self._fence.feed(source[inside:])
        if after is None:
            html = figure(shown, self._fence.info, is_growing=True)
            self._page.replace_tail(sanitised(html))
            return ""
        self._rest.restart(source[blocks.end : len(source) - len(after)])
        self._settle_fence()
        return after

    def _show_tail(self, *, is_same_block: bool) -> None:
        is_long = len(self._rest) > TAIL_CHARACTERS
        if is_same_block and is_long and self._page.can_grow:
            self._grow()
            return
        tail, held = tail_html(self._rest.text, self._references)
        self._page.replace_tail(tail)
        self._unshown = [held]

    def _grow(self) -> None:
        if self._page.can_grow:
            self._page.grow(escape("".join(self._unshown), quote=False))
            self._unshown = []

    def _settle_fence(self) -> None:
        self._page.settle(Blocks(self._rest.text, self._references).html())
        self._page.replace_tail("")
        self._rest.restart()
        self._unshown = []
        self._fence = None
        if self._is_full:
            self._verbatim = VerbatimPieces()

    def _stop_formatting(self) -> str:
        """The text has grown too long: give back its last block, to be shown as written.

        A fence is the exception: it goes on to its end.
        """
        self._is_full = True
        after = "" if self._fence else self._parse()
        if self._fence or self._verbatim:
            return after
        left = self._rest.text
        self._rest.restart()
        self._page.replace_tail("")
        self._verbatim = VerbatimPieces()
        return left
