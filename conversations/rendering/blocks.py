"""The top-level blocks of a text, and where it can be cut so that nothing later changes them.

Every block but the last is final once its lines are complete: no line that follows can reach
back over the block in between. Only a link definition just above the last block waits with it,
because its title may still follow.
"""

from collections import ChainMap
from typing import Any

from markdown_it.token import Token

from .allowed import sanitised
from .fence import Fence
from .html import Markup
from .parser import Env, markdown, parse_blocks, parse_lines

# Link definitions by their label.
References = dict[str, dict[str, Any]]

_MARKUP = Markup()


class Blocks:
    """The blocks of complete lines. Definitions found in what is final are added to `known`."""

    def __init__(self, source: str, known: References) -> None:
        self._source = source
        self._known = known
        self._found: References = {}
        self._env: Env = {"references": ChainMap(self._found, known)}
        self._tokens = parse_blocks(source, self._env)
        self._tops = [
            (index, token.map)
            for index, token in enumerate(self._tokens)
            if token.level == 0 and token.map
        ]
        self._final_line = self._find_final_line()

    @property
    def end(self) -> int:
        """The number of characters that are final."""
        return self._offset(self._final_line)

    def final_html(self) -> str:
        """The HTML of what is final."""
        if not self._final_line:
            return ""
        for label, reference in self._found.items():
            if reference["map"][1] <= self._final_line:
                self._known[label] = reference
        last, _ = self._tops[-1]
        return _html(self._tokens[:last], {"references": self._known})

    def html(self) -> str:
        """The HTML of all, as if nothing followed."""
        self._known.update(self._found)
        return _html(self._tokens, self._env)

    def last_fence(self) -> tuple[Fence, int] | None:
        """If the last block is a fence: the fence, not fed yet, and where its code begins."""
        if not self._tops:
            return None
        index, (line, _) = self._tops[-1]
        token = self._tokens[index]
        if token.type != "fence":
            return None
        start, inside = self._offset(line), self._offset(line + 1)
        return Fence(self._source[start:inside], token.info), inside

    def _find_final_line(self) -> int:
        if not self._tops:
            return 0
        _, (line, _) = self._tops[-1]
        before = self._tops[-2][1][1] if len(self._tops) > 1 else 0
        definitions = [*self._found.values(), *self._env.get("duplicate_refs", ())]
        waiting = [
            first
            for first, after in (definition["map"] for definition in definitions)
            if after == line and first >= before
        ]
        return min(waiting, default=line)

    def _offset(self, line: int) -> int:
        offset = 0
        for _ in range(line):
            offset = self._source.find("\n", offset) + 1 or len(self._source)
        return offset


def html_of(tokens: list[Token], env: Env) -> str:
    """Sanitised HTML of tokens whose lines are parsed."""
    return sanitised(_MARKUP.render(tokens, markdown().options, env))


def _html(tokens: list[Token], env: Env) -> str:
    parse_lines(tokens, env)
    return html_of(tokens, env)
