"""The end of a stream that is not settled yet, as a reader may see it."""

import re
from collections import ChainMap

from markdown_it.token import Token

from .blocks import References, html_of
from .parser import Env, parse_blocks, parse_lines

# The beginning of a line that may turn out to be markup: nothing but punctuation, the number of
# a list item, a code fence. Shown now, it would flicker: "Text\n-" is a heading for a moment.
_MAYBE_MARKUP = re.compile(r"[\W_]+|\d{1,9}[.)]?|(?:`{3}|~{3}).*")


def tail_html(source: str, known: References) -> tuple[str, str]:
    """The tail, with one growing element at its end, and what of the source it does not show."""
    line = source[source.rfind("\n") + 1 :]
    held = line if _MAYBE_MARKUP.fullmatch(line.strip()) else ""
    shown = source[: len(source) - len(held)]
    # What a tail defines may change with the next character.
    env: Env = {"references": ChainMap({}, known)}
    tokens = parse_blocks(shown, env)
    if not tokens:
        return "", source
    parse_lines(tokens, env)
    _grow_at_end(tokens, shown)
    return html_of(tokens, env), held


def _grow_at_end(tokens: list[Token], source: str) -> None:
    """Put the growing element where the next character most likely belongs."""
    index = max(index for index, token in enumerate(tokens) if token.nesting >= 0)
    last = tokens[index]
    if last.children is not None:
        last.children.append(Token("growing", "span", 0, content=_gap(source)))
    elif last.type in ("fence", "code_block"):
        last.meta["growing"] = True
    elif last.nesting == 1:
        tokens.insert(index + 1, Token("growing", "span", 0))
    else:
        tokens.append(Token("growing", "p", 0))


def _gap(source: str) -> str:
    """The parser strips a line's end; what follows must not stick to it."""
    ending = source[len(source.rstrip()) :]
    return "\n" if "\n" in ending else ending[:1]
