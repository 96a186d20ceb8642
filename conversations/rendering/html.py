"""Tokens to HTML, not yet sanitised. Names of methods are the parser's names of tokens."""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from .code import figure
from .limits import NAME_CHARACTERS
from .mathml import formula
from .maths import DISPLAYS, INLINES
from .verbatim import verbatim

# The page has the h1, a turn the h2.
_LARGEST_HEADING, _SMALLEST_HEADING = 3, 6

_CHECKBOX = '<input type="checkbox" disabled=""{checked} aria-label="{name}"> '


class Markup(RendererHTML):
    def heading_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return f"<{_heading(tokens[index])}>"

    def heading_close(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return f"</{_heading(tokens[index])}>\n"

    def fence(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        token = tokens[index]
        return figure(token.content, token.info, is_growing="growing" in token.meta)

    def code_block(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return self.fence(tokens, index)

    def list_item_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        opening = self.renderToken(tokens, index, options, env)
        is_checked = tokens[index].meta.get("checked")
        if is_checked is None:
            return opening
        checked, name = (' checked=""', "Done") if is_checked else ("", "To do")
        return opening + _CHECKBOX.format(checked=checked, name=name)

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        name = self._name_of_table(tokens, index, options, env)
        return (
            f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}"><table>\n'
        )

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def _name_of_table(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        heads: list[str] = []
        while tokens[index].type != "thead_close":
            if tokens[index].type == "inline":
                text = self.renderInlineAsText(tokens[index].children, options, env)
                heads.append(text.strip())
            index += 1
        names = ", ".join(filter(None, heads))
        return f"Table: {names}"[:NAME_CHARACTERS] if names else "Table"

    def as_written(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return verbatim(tokens[index].content)

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """A link by its alternative text: nothing of another site is loaded."""
        token = tokens[index]
        text = self.renderInlineAsText(token.children, options, env) or token.attrs.get("href", "")
        opening = f'<{token.tag} class="image-link"{self.renderAttrs(token)}>'
        return f"{opening}{escape(str(text), quote=False)}</{token.tag}>"

    def formula(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        token = tokens[index]
        written = f"{token.markup}{token.content}{INLINES[token.markup]}"
        return formula(token.content, written, is_display=token.markup in DISPLAYS)

    def display(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        html = self.formula(tokens, index)
        return f"{html}\n" if html.startswith("<math") else f"<p>{html}</p>\n"

    def growing(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        token = tokens[index]
        text = escape(token.content, quote=False)
        return f'<{token.tag} data-growing="">{text}</{token.tag}>'


def _heading(token: Token) -> str:
    level = int(token.tag[1:]) + _LARGEST_HEADING - 1
    return f"h{min(level, _SMALLEST_HEADING)}"
