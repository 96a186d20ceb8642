"""Code as a figure: its language, a Copy button, and its colours, which have a bounded price."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from html import escape
from itertools import groupby
from operator import itemgetter
from time import thread_time
from typing import Any

from markdown_it.common.utils import unescapeAll
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name

from .colours import CLASSES
from .limits import (
    COLOURED_CHARACTERS,
    COLOURED_LINE_CHARACTERS,
    COLOURING_SECONDS,
    COLOURING_SECONDS_PER_THOUSAND,
    KEPT_CODE_BLOCKS,
    NAME_CHARACTERS,
)

# One alias for each language that is coloured. Missing are those whose lexer cannot be stopped,
# because one step of it reads too far (terminal sessions, MATLAB), and those that call any lexer
# by the name they find in the text (HTTP).
_LANGUAGES = """
    bash batch c clojure cmake cpp csharp css dart diff django docker elixir erlang fortran fsharp
    go graphql groovy haskell html ini java javascript jinja json jsx julia kotlin latex less
    lua make markdown nginx nix objective-c ocaml perl php powershell protobuf python r ruby
    rust sass scala scheme scss solidity sql swift terraform toml tsx typescript vb.net vim vue xml
    yaml zig
"""
_ALIAS = re.compile(r"[\w+#-][\w+#.-]*")

_OPENING = (
    '<figure class="code"><figcaption><span>{label}</span><button type="button" data-copy-code="" '
    'aria-label="Copy code">Copy</button></figcaption>'
    '<pre tabindex="0" role="group" aria-label="{name}"><code class="hl"{growing}>'
)
_CLOSING = "</code></pre></figure>\n"


def figure(code: str, info: str, *, is_growing: bool = False) -> str:
    """The figure of a code block; one that still grows is not coloured."""
    alias, label = _language(info)
    name = f"{label} code" if label else "Code"
    opening = _OPENING.format(
        label=escape(label or "Code"),
        name=escape(name),
        growing=' data-growing=""' if is_growing else "",
    )
    return opening + (escape(code, quote=False) if is_growing else colour(code, alias)) + _CLOSING


def colour(code: str, alias: str) -> str:
    longest_line = max(map(len, code.split("\n")))
    is_short = len(code) <= COLOURED_CHARACTERS and longest_line <= COLOURED_LINE_CHARACTERS
    return _coloured(code, alias) if alias and is_short else escape(code, quote=False)


def _language(info: str) -> tuple[str, str]:
    """The lexer's alias, if it is one of ours, and what to call the language."""
    words = unescapeAll(info).split(maxsplit=1)
    if not words:
        return "", ""
    found = _ALIAS.search(words[0])
    alias = found[0].lower() if found else ""
    return (alias, _names()[alias]) if alias in _names() else ("", words[0][:NAME_CHARACTERS])


@cache
def _names() -> dict[str, str]:
    """Alias to name, for every alias of the languages that are coloured."""
    ours = frozenset(_LANGUAGES.split())
    return {
        alias: name
        for name, aliases, _, _ in get_all_lexers(plugins=False)
        if ours.intersection(aliases)
        for alias in aliases
    }


@lru_cache(maxsize=KEPT_CODE_BLOCKS)
def _coloured(code: str, alias: str) -> str:
    """Spans, or the bare code where a lexer takes too long or changes the text.

    Some lexers need time that grows with the square of hostile code. Processor time does not
    depend on how busy the machine is, so code that is coloured once is coloured again.
    """
    lexer = get_lexer_by_name(alias, stripnl=False, ensurenl=False, handlecodeblocks=False)
    try:
        return "".join(_spans(lexer, code))
    except Exception:  # a lexer may raise what it likes
        return escape(code, quote=False)


def _spans(lexer: Lexer, code: str) -> Iterator[str]:
    for name, tokens in groupby(_tokens(lexer, code), key=itemgetter(0)):
        text = escape("".join(text for _, text in tokens), quote=False)
        yield f'<span class="{name}">{text}</span>' if name else text


def _tokens(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    seconds = max(COLOURING_SECONDS, COLOURING_SECONDS_PER_THOUSAND * len(code) / 1000)
    deadline = thread_time() + seconds
    position = 0
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        if not code.startswith(text, position):
            raise ValueError("the lexer changes the text")
        if thread_time() > deadline:
            raise TimeoutError("the lexer takes too long")
        position += len(text)
        yield _class_of(kind), text
    if position < len(code):
        raise ValueError("the lexer loses text")


def _class_of(kind: Any) -> str:
    while kind not in CLASSES and kind.parent:
        kind = kind.parent
    return CLASSES.get(kind, "")
