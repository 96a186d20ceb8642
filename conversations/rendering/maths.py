r"""Where formulas are: `$$…$$` and `\[…\]` on their own, `\(…\)` and `$…$` in a line.

These are rules of the parser, so that code is left alone. A display that opens at the start of
a line is a block like a fence is: it reaches to its closing line or, if that never comes, to the
next blank line, and is then a paragraph. So what follows later can never change what came
before, which is what lets a stream settle.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from .limits import FORMULA_CHARACTERS

# Opening to closing; the longer opening is tried first.
DISPLAYS = {"$$": "$$", "\\[": "\\]"}
INLINES = {**DISPLAYS, "\\(": "\\)", "$": "$"}
_OPENINGS = tuple(INLINES)
# What stands before the closing, by the opening.
_CONTENTS = {
    "$$": re.compile(r"(?:[^\\$]|\\.|\$(?!\$))*+(?=\$\$)", re.DOTALL),
    "$": re.compile(r"(?:[^\\$]|\\.)*+(?=\$)", re.DOTALL),
    "\\[": re.compile(r"(?:[^\\]|\\[^\]])*+(?=\\\])"),
    "\\(": re.compile(r"(?:[^\\]|\\[^)])*+(?=\\\))"),
}
_DOLLARS = re.compile(r"\${3,}")

# "$5 million and 6$": an amount and words, with no sign of a formula.
_MONEY = re.compile(r"\d[\d.,]*\s[^\\^_={}<>+*/-]*")


def maths_plugin(md: MarkdownIt) -> None:
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "display", display, {"alt": interrupted})
    md.inline.ruler.before("escape", "formula", formula)


def display(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = _opening_of(state, start)
    if not opening:
        return False
    if silent:
        return True
    closing = DISPLAYS[opening]
    last, is_closed = _last_line(state, start, end, closing)
    content = state.getLines(start, last + 1, state.blkIndent, False).strip()
    state.line = last + 1
    if is_closed:
        token = state.push("display", "math", 0)
        token.content = content[len(opening) : -len(closing)]
        token.markup = opening
        token.map = [start, state.line]
    else:
        _push_paragraph(state, start, content)
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()


def _opening_of(state: StateBlock, start: int) -> str:
    """What opens a display here, unless text follows its closing on the same line."""
    if state.is_code_block(start):
        return ""
    line = _line(state, start)
    opening = line[:2]
    if opening not in DISPLAYS or line.startswith("$$$"):
        return ""
    content, closing, after = line[2:].partition(DISPLAYS[opening])
    return "" if closing and (after or not content.strip()) else opening


def _last_line(state: StateBlock, start: int, end: int, closing: str) -> tuple[int, bool]:
    """The last line of the display that starts here, and whether its closing ends that line."""
    if closing in _line(state, start)[2:]:
        return start, True
    for line in range(start + 1, end):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return line - 1, False
        _, found, after = _line(state, line).partition(closing)
        if found:
            return line, not after
    return end - 1, False


def _push_paragraph(state: StateBlock, start: int, content: str) -> None:
    token = state.push("paragraph_open", "p", 1)
    token.map = [start, state.line]
    token = state.push("inline", "", 0)
    token.content = content
    token.map = [start, state.line]
    token.children = []
    state.push("paragraph_close", "p", -1)


def formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    if run := _DOLLARS.match(state.src, state.pos, state.posMax):
        if not silent:
            state.append_pending(run[0])
        state.pos = run.end()
        return True
    opening = next((o for o in _OPENINGS if state.src.startswith(o, state.pos)), "")
    if not opening:
        return False
    start = state.pos + len(opening)
    end = _find_closing(state, opening, start)
    if end < 0 or (opening == "$" and not _is_formula(state, end)):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = state.src[start:end]
        token.markup = opening
    state.pos = end + len(opening)
    return True


def _find_closing(state: StateInline, opening: str, start: int) -> int:
    """Where the closing is that no backslash escapes; not after nothing, and not for ever far."""
    limit = min(state.posMax, start + FORMULA_CHARACTERS + len(opening))
    content = _CONTENTS[opening].match(state.src, start, limit)
    return content.end() if content and content[0].strip() else -1


def _is_formula(state: StateInline, end: int) -> bool:
    """Whether two single dollars enclose a formula; a lone dollar is money."""
    source, start = state.src, state.pos
    content = source[start + 1 : end]
    return not (
        content[0].isspace()
        or content[-1].isspace()
        or "\n" in content
        or (start > 0 and source[start - 1].isdigit())
        or source[end + 1 : end + 2].isdigit()
        or _MONEY.fullmatch(content)
    )
