"""Pipe tables, as GitHub writes them.

Written here for their price: the parser's own rule fills short rows up with empty cells, which
makes a megabyte of HTML out of 4 KB. Here what is missing of a row is one cell, and a table
with too many columns is shown as written.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from .limits import TABLE_COLUMNS

_DASHES = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_PIPE = re.compile(r"(?<!\\)\|")
# What the colons say: (on the left, on the right).
_ALIGNMENTS = {(False, True): "n", (True, True): "center", (True, False): ""}

_NUMBER = re.compile(
    r"[~≈<>≤≥+±\u2212\u2013-]?\s?[$€£¥]?\s?\d[\d.,' \u00a0\u202f]*\s?(?:[%‰]|[a-zA-Z\u00b5\u03bc\u00b0]{1,3}(?:/\w{1,4})?)?"
)
_NOTHING = frozenset({"", "-", "\u2013", "\u2014", "n/a", "N/A"})


def tables_plugin(md: MarkdownIt) -> None:
    # Last but for paragraphs: a line that begins a fence or a list is no head of a table.
    md.block.ruler.before("lheading", "pipes", table, {"alt": ["paragraph", "reference"]})


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    head, dashes = _head(state, start, end)
    if not head:
        return False
    if silent:
        return True
    state.line = _end_of_rows(state, start + 2, end)
    if len(head) > TABLE_COLUMNS:
        _push_as_written(state, start)
        return True
    rows = [_cells(_line(state, line)) for line in range(start + 2, state.line)]
    classes = [_class_of(dash, column, rows) for column, dash in enumerate(dashes)]
    token = state.push("table_open", "table", 1)
    token.map = [start, state.line]
    state.push("thead_open", "thead", 1)
    _push_row(state, "th", head, classes)
    state.push("thead_close", "thead", -1)
    if rows:
        state.push("tbody_open", "tbody", 1)
        for row in rows:
            _push_row(state, "td", row[: len(head)], classes)
        state.push("tbody_close", "tbody", -1)
    state.push("table_close", "table", -1)
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()


def _cells(line: str) -> list[str]:
    line = line.removeprefix("|")
    cells = _PIPE.split(line)
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _head(state: StateBlock, start: int, end: int) -> tuple[list[str], list[str]]:
    """The cells of the two lines that make a table, or nothing."""
    none: tuple[list[str], list[str]] = [], []
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent:
        return none
    if state.is_code_block(start) or state.is_code_block(start + 1):
        return none
    below = _line(state, start + 1)
    # A dash alone, or before a space, is a list.
    if len(below) < 2 or below[:2] in ("- ", "-\t") or not _DASHES.fullmatch(below):
        return none
    above = _line(state, start)
    if "|" not in above or above == "|":
        return none
    head, dashes = _cells(above), _cells(below)
    return (head, dashes) if len(head) == len(dashes) else none


def _end_of_rows(state: StateBlock, line: int, end: int) -> int:
    """A table ends at a blank line, with its container, or where another block begins."""
    others = state.md.block.ruler.getRules("blockquote")
    parent, state.parentType = state.parentType, "table"
    while (
        line < end
        and not state.isEmpty(line)
        and state.sCount[line] >= state.blkIndent
        and not state.is_code_block(line)
        and not any(rule(state, line, end, True) for rule in others)
    ):
        line += 1
    state.parentType = parent
    return line


def _push_as_written(state: StateBlock, start: int) -> None:
    token = state.push("as_written", "pre", 0)
    token.content = state.getLines(start, state.line, state.blkIndent, True)
    token.map = [start, state.line]


def _class_of(dash: str, column: int, rows: list[list[str]]) -> str:
    """`n` aligns to the end: as the dashes say or, where they say nothing, if all is numbers."""
    colons = dash.startswith(":"), dash.endswith(":")
    if colons in _ALIGNMENTS:
        return _ALIGNMENTS[colons]
    values = (row[column].strip("*_`") for row in rows if column < len(row))
    values_there = [value for value in values if value not in _NOTHING]
    is_numeric = values_there and all(map(_NUMBER.fullmatch, values_there))
    return "n" if is_numeric else ""


def _push_row(state: StateBlock, tag: str, cells: list[str], classes: list[str]) -> None:
    state.push("tr_open", "tr", 1)
    scope = {"scope": "col"} if tag == "th" else {}
    for cell, name in zip(cells, classes, strict=False):
        _push_cell(state, tag, cell, scope | ({"class": name} if name else {}))
    missing = len(classes) - len(cells)
    if missing:
        _push_cell(state, tag, "", {"colspan": str(missing)} if missing > 1 else {})
    state.push("tr_close", "tr", -1)


def _push_cell(state: StateBlock, tag: str, content: str, attributes: dict[str, str]) -> None:
    state.push(f"{tag}_open", tag, 1).attrs = dict(attributes)
    inline = state.push("inline", "", 0)
    inline.content = content
    inline.children = []
    state.push(f"{tag}_close", tag, -1)
