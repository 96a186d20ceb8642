"""The inside of a code fence that has not closed yet, as text that is only ever added to."""

import re


class Fence:
    """Fed with what follows the opening line, it gives the code that can be shown already.

    The start of a line is held back while it may become the closing line.
    """

    def __init__(self, opening_line: str, info: str) -> None:
        marks = opening_line.lstrip(" ")
        indent = len(opening_line) - len(marks)
        mark = marks[0]
        length = len(marks) - len(marks.lstrip(mark))
        self.info = info
        self._indent = re.compile(rf" {{0,{indent}}}")
        self._closing = re.compile(rf" {{0,3}}{mark}{{{length},}}[ \t]*\n")
        self._undecided = f" \t{mark}"
        self._held: list[str] = []
        self._is_inside_line = False

    def feed(self, text: str) -> tuple[str, str | None]:
        """The code to show, and what follows the closing line: None while there is none."""
        shown: list[str] = []
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            piece = text[start:end]
            start = end
            if self._is_inside_line:
                shown.append(piece)
                self._is_inside_line = not piece.endswith("\n")
            elif self._begin_line(piece, shown):
                return "".join(shown), text[start:]
        return "".join(shown), None

    def _begin_line(self, piece: str, shown: list[str]) -> bool:
        """Whether this is the closing line."""
        self._held.append(piece)
        if not piece.strip(self._undecided):
            return False
        line = "".join(self._held)
        self._held.clear()
        if self._closing.fullmatch(line):
            return True
        shown.append(self._indent.sub("", line, count=1))
        self._is_inside_line = not line.endswith("\n")
        return False
