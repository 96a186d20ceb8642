"""One who reads a stream: applies updates to a page, and looks whether the HTML is whole."""

import random
from html.parser import HTMLParser
from itertools import pairwise

from conversations.rendering import StreamRenderer

VOID = {"br", "hr", "input"}
GROWING = 'data-growing="">'

FIGURE = (
    '<figure class="code"><figcaption><span>{label}</span><button type="button" data-copy-code="" '
    'aria-label="Copy code">Copy</button></figcaption><pre tabindex="0" role="group" '
    'aria-label="{name}"><code class="hl">{code}</code></pre></figure>\n'
)


def figure(code, label="Code", name=None):
    return FIGURE.format(code=code, label=label, name=name or f"{label} code")


class _Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.tags = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag


def tags_of(html):
    """The tags with their attributes, after making sure that each one is closed in order."""
    parser = _Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.tags


def text_of(html):
    parser = HTMLParser()
    words = []
    parser.handle_data = words.append
    parser.feed(html)
    parser.close()
    return "".join(words)


class Reader:
    """A page that is told of updates only, as a browser is."""

    def __init__(self):
        self.renderer = StreamRenderer()
        self.settled = ""
        self.tail = ""

    def feed(self, delta):
        self.apply(self.renderer.feed(delta))

    def flush(self):
        self.apply(self.renderer.flush())

    def apply(self, update):
        for html in (update.settled, update.tail or ""):
            tags_of(html)
        assert "<" not in update.grown
        self.settled += update.settled
        if update.tail is not None:
            assert update.grown == ""
            assert update.tail.count(GROWING) <= 1
            self.tail = update.tail
        if update.grown:
            end = self.tail.index("</", self.tail.index(GROWING))
            self.tail = self.tail[:end] + update.grown + self.tail[end:]
        now = self.renderer.snapshot()
        assert (self.settled, self.tail) == (now.settled, now.tail)


def deltas(text, cuts):
    places = [0, *cuts, len(text)]
    return [text[a:b] for a, b in pairwise(places)]


def read(text, cuts, known=None):
    """What a reader has in the end, when the text came cut at these places."""
    reader = Reader()
    reader.renderer._references.update(known or {})
    for delta in deltas(text, cuts):
        reader.feed(delta)
    reader.flush()
    assert reader.tail == ""
    return reader.settled


def every_character(text):
    return range(1, len(text))


def some_cuts(text, chance: random.Random):
    return sorted(chance.choices(range(len(text) + 1), k=chance.choice([1, 3, 10])))
