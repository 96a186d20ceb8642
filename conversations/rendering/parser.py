"""The Markdown that is understood: CommonMark, tables, strikethrough, task lists, formulas.

HTML is not: a model's tags are shown as text. Blocks and what stands in their lines are parsed
apart, since only the first decides where a block ends.
"""

from collections.abc import MutableMapping
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from .limits import NESTED_BLOCKS, NESTED_INLINES
from .maths import maths_plugin
from .tables import tables_plugin

Env = MutableMapping[str, Any]

# Where the parser itself would drop what is nested; `_stay_flat` keeps it from getting there.
_MAX_NESTING = NESTED_BLOCKS + 4

_SCHEMES = ("http://", "https://", "mailto:")


@cache
def markdown() -> MarkdownIt:
    options = {"html": False, "xhtmlOut": False, "tasklists": True, "maxNesting": _MAX_NESTING}
    md = MarkdownIt("commonmark", options)
    md.disable(["html_block", "html_inline"]).enable("strikethrough")
    md.core.ruler.enableOnly(["inline", "text_join"])
    md.block.ruler.before("code", "stay_flat", _stay_flat)
    tables_plugin(md)
    maths_plugin(md)
    for ruler in (md.core.ruler, md.block.ruler, md.inline.ruler, md.inline.ruler2):
        ruler.getRules("")  # compiled here, before threads share it
    return md


def parse_blocks(source: str, env: Env) -> list[Token]:
    tokens: list[Token] = []
    markdown().block.parse(source, markdown(), env, tokens)
    return tokens


def parse_lines(tokens: list[Token], env: Env) -> None:
    """Fill in what stands in the lines of the blocks."""
    markdown().core.process(StateCore("", markdown(), env, tokens))
    for token in tokens:
        if token.type == "inline":
            token.children = _bounded(token)


def _stay_flat(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Inside too many lists and quotes nothing opens any more: the rest is a paragraph."""
    return not silent and state.level >= NESTED_BLOCKS and paragraph(state, start, end, False)


def _bounded(inline: Token) -> list[Token]:
    children = inline.children or []
    if any(child.level > NESTED_INLINES for child in children):
        return [Token("text", "", 0, content=inline.content)]
    _settle_links(children)
    return children


def _settle_links(children: list[Token]) -> None:
    """A link opens a new page, if it says where on the web; an image is a link, not loaded."""
    link: Token | None = None
    for token in children:
        if token.type == "link_open":
            link = token
            _address(token, str(token.attrs.get("href", "")))
        elif token.type == "link_close" and link:
            token.tag, link = link.tag, None
        elif token.type == "image":
            _address(token, "" if link else str(token.attrs.get("src", "")))


def _address(token: Token, url: str) -> None:
    title = token.attrs.get("title")
    token.tag, token.attrs = "span", {}
    if url.lower().startswith(_SCHEMES):
        token.tag, token.attrs = "a", {"href": url, "target": "_blank"}
    if title:
        token.attrs["title"] = title
