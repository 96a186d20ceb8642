"""Hostile and huge texts: what they cost is counted, not timed, and nothing of them is lost."""

import sys

import pytest

from conversations.rendering import (
    StreamRenderer,
    Update,
    blocks,
    limits,
    render,
    stream,
    tail,
    whole,
)
from conversations.rendering.parser import parse_blocks

from .reader import FIGURE, Reader, read, tags_of, text_of

HOSTILE = {
    "open brackets": lambda n: "[" * n,
    "nested brackets": lambda n: "[" * (n // 2) + "x" + "]" * (n // 2),
    "open images": lambda n: "![" * (n // 2),
    "open links": lambda n: "[a](b" * (n // 5),
    "open targets": lambda n: "[a](<b" * (n // 6),
    "references": lambda n: "[a][" * (n // 4),
    "stars": lambda n: "*" * n,
    "nested emphasis": lambda n: "*" * (n // 2) + "x" + "*" * (n // 2),
    "crossed emphasis": lambda n: "*a **b _c " * (n // 10),
    "backticks": lambda n: "".join("e" + "`" * k for k in range(1, int((2 * n) ** 0.5))),
    "angles": lambda n: "<" * n,
    "entities": lambda n: "&a" * (n // 2),
    "backslashes": lambda n: "\\" * n,
    "dollars": lambda n: "$" * n,
    "money": lambda n: "$a " * (n // 3),
    "open formulas": lambda n: "\\(" * (n // 2),
    "open displays": lambda n: "$$x\n" * (n // 4),
    "escaped closings": lambda n: ("\\(" * 50 + "\\\\)" * 100) * (n // 400),
    "quotes": lambda n: ">" * n + "x",
    "quoted lines": lambda n: (">" * 30 + " x\n") * (n // 33),
    "lazy lines": lambda n: ">" * 30 + " x\n" + "y\n" * (n // 2),
    "lists in lists": lambda n: "- " * (n // 2) + "x",
    "lists in lists, blank": lambda n: "- " * (n // 2) + "x" + "\n" * (n // 2),
    "deep lines": lambda n: "".join("  " * (k % 40) + "- x\n" for k in range(n // 44)),
    "short items": lambda n: "- x\n" * (n // 4),
    "short paragraphs": lambda n: "x\n\n" * (n // 3),
    "definitions": lambda n: "".join(f"[d{k}]: /u\n" for k in range(n // 10)),
    "open definitions": lambda n: "[a\n" * (n // 3),
    "open titles": lambda n: "[a]: u '\n" + "x\n" * (n // 2),
    "wide tables": lambda n: ("|a" * 50 + "|\n" + "|-" * 50 + "|\n" + "x\n" * 9) * (n // 220),
    "short rows": lambda n: "|a" * 40 + "|\n" + "|-" * 40 + "|\n" + "x\n" * (n // 2),
    "many tables": lambda n: "|a|b|\n|-|-|\n|1|2|\n\n" * (n // 19),
    "heads of tables": lambda n: "|-|\n" * (n // 4),
    "fences": lambda n: "```\nx\n```\n" * (n // 10),
    "open fences in items": lambda n: "- ```\n" * (n // 6),
    "autolinks": lambda n: "<https://e.x> " * (n // 14),
    "addresses": lambda n: "https://example.org/a_b?c=d&e " * (n // 30),
    "blank lines": lambda n: "\n" * n,
    "spaces": lambda n: " " * n,
    "carriage returns": lambda n: "\r" * n,
}


def steps(function):
    """The number of calls made: what a text costs, without a clock."""
    count = 0

    def note(*_):
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_work_and_output_grow_with_the_text_only(name):
    small, large = HOSTILE[name](800), HOSTILE[name](3_200)
    render(small)
    small_steps, large_steps = steps(lambda: render(small)), steps(lambda: render(large))

    assert large_steps < 5 * small_steps + 2_000
    assert large_steps < 500 * len(large)
    assert len(render(large)) < 40 * len(large)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_stream_ends_as_the_whole(name):
    text = HOSTILE[name](1_000)

    assert read(text, range(60, len(text), 60)) == render(text)


@pytest.mark.parametrize("opening", ["> ", "- ", "1. ", "> - "])
def test_what_is_nested_too_deep_stays_text(opening):
    html = render(opening * 1_000 + "x\n\nafter")

    assert html.endswith("\n<p>after</p>\n")
    assert text_of(html).count("x") == 1
    nested = [tag for tag, _ in tags_of(html) if tag in ("blockquote", "ul", "ol", "li")]
    assert limits.NESTED_BLOCKS <= len(nested) <= limits.NESTED_BLOCKS + 1


@pytest.mark.parametrize("length", [limits.NESTED_INLINES, limits.NESTED_INLINES + 1])
def test_emphasis_nested_too_deep_is_shown_as_written(length):
    text = "*a " * length + "x" + " b*" * length
    text = text.replace(" b", "")
    html = render(text)

    assert (text_of(html) == f"{text}\n") == (length > limits.NESTED_INLINES)


def test_a_huge_code_block_is_plain_and_whole():
    code = "x = 1\n" * 20_000

    assert render(f"```python\n{code}```\n") == FIGURE.format(
        label="Python", name="Python code", code=code
    )


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(whole, "FORMATTED_CHARACTERS", 100)
    monkeypatch.setattr(stream, "FORMATTED_CHARACTERS", 100)


def verbatim(text):
    return f'<pre class="verbatim"><code>{text}</code></pre>\n'


LONG = {
    "prose": "One *two*.\n\n" * 20,
    "a paragraph": "one *two* " * 20,
    "a line at the limit": "a\n\n" + "b" * 96 + "\n\n*c*\n",
    "exactly the limit": "a\n\n" + "b" * 97,
    "one more": "a\n\n" + "b" * 98,
    "a list": "- one\n" * 30,
    "an open fence": "One.\n\n```\n" + "x\n" * 100,
    "a fence that closes": "One.\n\n```\n" + "x\n" * 60 + "```\n\n*after*\n\n```\ny\n```\n",
    "a fence that closes before": "```\nx\n```\n\n" + "word " * 40 + "\n\n*after*\n",
    "a fence at the limit": "word " * 16 + "\n\n```\nx\n```\n\n\nafter\n" + "*y*\n\n" * 9,
    "a definition at the limit": "a\n\n[b]: https://e.x\n" + "'" + "c" * 120 + "'\n\n[b]\n",
    "definitions": "".join(f"[d{k}]: https://e.x\n" for k in range(20)),
    "blank lines": "\n" * 300,
    "newlines of two": "a\r\n\r\n" * 60,
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_text_that_is_too_long_ends_the_same_both_ways(small_limits, name, size):
    text = LONG[name]

    assert read(text, range(size, len(text), size)) == render(text)


def test_a_text_that_is_too_long_goes_on_as_written(small_limits):
    text = "One *two*.\n\n" * 9

    assert render(text) == "<p>One <em>two</em>.</p>\n" * 7 + verbatim("One *two*.\n\n" * 2)


def test_a_fence_that_is_too_long_ends_as_one(small_limits):
    html = render(LONG["a fence that closes"])

    assert html == "<p>One.</p>\n" + FIGURE.format(
        label="Code", name="Code", code="x\n" * 60
    ) + verbatim("\n*after*\n\n```\ny\n```\n")


def test_nothing_of_a_megabyte_is_lost():
    line = "one <two> & *three* [four](five) | six\n"
    text = line * (1_000_000 // len(line))
    html = render(text)

    assert text_of(html).replace("\n", "") == text.replace("\n", "")
    assert len(html) < 2 * len(text)


def test_the_tail_of_a_long_block_is_not_sent_again(monkeypatch):
    monkeypatch.setattr(stream, "TAIL_CHARACTERS", 1_000)
    reader = Reader()
    reader.feed("```\nx\n```\n" + "- *one*\n" * 200)
    assert reader.tail.count("<li>") == 200

    for _ in range(500):
        update = reader.renderer.feed("- *two*\n")
        reader.apply(update)
        assert update == Update("", None, "- *two*\n")

    reader.feed("\nAfter.\n" + "word " * 500)
    assert reader.settled.count("<li><em>two</em></li>") == 500
    assert reader.tail.startswith("<p>After.\nword")


MEGABYTE = {
    "one line": "word & word " * 83_000,
    "one fence": "```python\n" + "x = 1 < 2\n" * 100_000,
    "one list": "- **Item** and what it says\n" * 36_000,
    "one table": "| a | b |\n|---|---|\n" + "| word | 12.5 |\n" * 62_000,
    "one quote": "> Quoted words, line after line\n" * 31_000,
    "prose": ("Some words with `code` and **more**. " * 8 + "\n\n") * 3_360,
}


class Cost:
    """Counts what a stream has parsed and sent."""

    def __init__(self, monkeypatch):
        self.parsed = self.sent = 0
        for module in (blocks, tail):
            monkeypatch.setattr(module, "parse_blocks", self._parse)

    def _parse(self, source, env):
        self.parsed += len(source)
        return parse_blocks(source, env)

    def of(self, text, size):
        self.parsed = self.sent = 0
        renderer = StreamRenderer()
        for start in range(0, len(text), size):
            update = renderer.feed(text[start : start + size])
            self.sent += len(update.settled) + len(update.tail or "") + len(update.grown)
        self.sent += len(renderer.flush().settled)
        return self.parsed, self.sent


@pytest.mark.parametrize("name", MEGABYTE)
def test_a_megabyte_in_small_deltas(monkeypatch, name):
    text = MEGABYTE[name]
    parsed, sent = Cost(monkeypatch).of(text, 200)

    assert parsed < 6 * len(text)
    assert sent < 10 * len(text)


@pytest.mark.parametrize("name", MEGABYTE)
def test_a_stream_costs_twice_as_much_when_it_is_twice_as_long(monkeypatch, name):
    cost = Cost(monkeypatch)
    once, twice = cost.of(MEGABYTE[name][:2_500], 50), cost.of(MEGABYTE[name][:5_000], 50)

    assert twice[0] < 2.7 * once[0]
    assert twice[1] < 2.7 * once[1]
