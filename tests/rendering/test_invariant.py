"""However a text is cut, the stream ends with what `render` makes of the whole.

One exception: a link whose definition comes after its block has settled. To look past exactly
that, a document that defines anything is streamed a second time with all of its definitions
known from the start, and then nothing may differ.
"""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.rendering import render
from conversations.rendering.allowed import sanitised
from conversations.rendering.blocks import Blocks
from conversations.rendering.html import Markup
from conversations.rendering.parser import markdown, parse_blocks, parse_lines
from conversations.rendering.source import normal
from tests.properties import modest

from .reader import every_character, read, some_cuts

SPEC = json.loads((Path(__file__).parent / "commonmark.json").read_text())["examples"]

FRAGMENTS = [
    *("word", "b c", "0", "5", "é", " ", "  ", "    ", "\t", "\\", "\n", "\n\n", "\r\n", "\r"),
    *("- ", "* ", "+ ", "1. ", "2) ", "> ", "# ", "## ", "---\n", "***\n", "===\n", "\n- ", "\n> "),
    *("```", "```py\n", "\n```\n", "~~~", "`", "``", "    code\n", "- [ ] ", "- [x] "),
    *("[a]", "[a]: https://e.x\n", "[a]: https://e.x 'tit", "[b]: <u>\n", "[a]:\n", "'le'\n", '"'),
    *("[", "]", "](", "(https://e.x)", "![", "<https://e.x>", "<b>", "&amp;", "<!--"),
    *("|", "|a|b|\n", "|-|-|\n", ":-:|--\n", "|1|\n", "-|-\n"),
    *("$", "$$", "\n$$\n", "\\(", "\\)", "\\[", "\\]", "\n\\]\n", "x^2", "\\frac{1}{2}"),
    *("*x*", "**", "_", "~~", "*", "***"),
]

DOCUMENTS = [
    """# Title

Some *text* with `code`, a [link](https://e.x) and \\(x^2\\).
$$
x = 1
- y
$$
- one
  - two

    ```py
    x = 1
    ```
- [x] three

| A | B |
|---|--:|
| 1 | 2 |
| 3
***
```py
def f():
    return 1
```
> quote
lazy

1. a
2. b

\\[ y \\], so
""",
    "Para\n***bold***\nmore\n---\nNext\n\n[a]: https://e.x\n'title'\n\n[a] and [b]\n\n[b]: /x\n",
    "- a\n\n\n- b\n  c\n\n      code\n\n  d\n* e\n\ttab\n\n    f\n~~~ x\n ~~~\n~~~~\nend\n~~~\n",
    "a|b\n-|-\n1|2\nx\n\\[\nunclosed\n- still\n\n\\[\nz\n\\]\n$$ w $$\n$5 and $6 and $x$\n",
]


def definitions(text):
    known = {}
    Blocks(normal(text), known).html()
    return known


def assert_stream_equals_whole(text, cuts):
    whole, known = render(text), definitions(text)
    if known:
        assert read(text, cuts, known) == whole
        read(text, cuts)
    else:
        assert read(text, cuts) == whole


def test_every_example_of_the_specification():
    for text in SPEC:
        assert_stream_equals_whole(text, [])
        assert_stream_equals_whole(text, every_character(text))


@pytest.mark.parametrize("text", DOCUMENTS, ids=["all", "late", "loose", "displays"])
def test_documents_cut_at_every_point(text):
    for cut in every_character(text):
        assert_stream_equals_whole(text, [cut])
    assert_stream_equals_whole(text, every_character(text))


def test_random_documents():
    chance = random.Random(20261121)
    for _ in range(300):
        if chance.random() < 0.6:
            text = "".join(chance.choices(FRAGMENTS, k=chance.randint(1, 30)))
        else:
            text = chance.choice(["", "\n"]).join(chance.choices(SPEC, k=chance.randint(1, 5)))
        assert_stream_equals_whole(text, some_cuts(text, chance))


@modest
@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=25), st.data())
def test_any_document(fragments, data):
    text = "".join(fragments)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))

    assert_stream_equals_whole(text, cuts)


@pytest.mark.parametrize("size", [10, 100])
def test_a_long_document_in_deltas_of_one_size(size):
    text = "\n\n".join(SPEC)

    assert_stream_equals_whole(text, range(size, len(text), size))


def test_sanitising_block_by_block_equals_sanitising_the_whole():
    markup, options = Markup(), markdown().options
    for text in [*SPEC, *DOCUMENTS, "\n\n".join(SPEC)]:
        env = {}
        tokens = parse_blocks(text, env)
        parse_lines(tokens, env)
        starts = [
            index for index, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0
        ]
        blocks = [tokens[a:b] for a, b in pairwise([*starts, None])]
        whole = sanitised(markup.render(tokens, options, env))

        assert "".join(sanitised(markup.render(block, options, env)) for block in blocks) == whole
        assert whole == render(text)
