"""A stream, delta by delta: what settles, what the tail shows, what grows."""

import pytest

from conversations.rendering import Snapshot, StreamRenderer, Update, render

from .reader import GROWING, Reader, every_character, figure, read


def updates(*deltas):
    renderer = StreamRenderer()
    return [renderer.feed(delta) for delta in deltas]


def growing(text=""):
    return f'<span data-growing="">{text}</span>'


def test_text_is_shown_at_once():
    assert updates("Hel", "lo **wor", "ld**") == [
        Update("", f"<p>Hel{growing()}</p>\n", ""),
        Update("", f"<p>Hello **wor{growing()}</p>\n", ""),
        Update("", f"<p>Hello <strong>world</strong>{growing()}</p>\n", ""),
    ]


def test_a_block_settles_when_the_next_one_begins():
    assert updates("One.\n", "\n", "Two.\n") == [
        Update("", f"<p>One.{growing(chr(10))}</p>\n", ""),
        Update("", f"<p>One.{growing(chr(10))}</p>\n", ""),
        Update("<p>One.</p>\n", f"<p>Two.{growing(chr(10))}</p>\n", ""),
    ]


def test_an_incomplete_line_settles_nothing():
    *_, last = updates("Para\n", "***")
    assert last == Update("", f"<p>Para{growing(chr(10))}</p>\n", "")

    *_, last = updates("Para\n", "***", "bold***\n", "\nNext\n")
    assert last.settled == "<p>Para\n<em><strong>bold</strong></em></p>\n"


@pytest.mark.parametrize("line", ["-", "- ", "1", "12.", "---", "```py", "~~~", "#", "> ", "|-"])
def test_the_beginning_of_markup_waits_until_it_says_more(line):
    _, last = updates("Para\n", line)

    assert last.tail == f"<p>Para{growing(chr(10))}</p>\n"


def test_a_space_at_the_end_is_kept_for_what_follows():
    (update,) = updates("Hello ")

    assert update.tail == f"<p>Hello{growing(' ')}</p>\n"


def test_a_long_tail_grows_as_text_between_parses():
    text = "word " * 200
    first, second = updates(text, "a<b")

    assert first.tail == f"<p>{text.strip()}{growing(' ')}</p>\n"
    assert second == Update("", None, "a&lt;b")


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("- a\n- b", f"<ul>\n<li>a</li>\n<li>b{growing()}</li>\n</ul>\n"),
        ("# Head", f"<h3>Head{growing()}</h3>\n"),
        ("> a", f"<blockquote>\n<p>a{growing()}</p>\n</blockquote>\n"),
        ("***\n", '<hr>\n<p data-growing=""></p>'),
        (
            "- ```py\n  x = 1\n",
            "<ul>\n<li>\n"
            + figure("x = 1\n", "Python").replace('"hl"', '"hl" data-growing=""')
            + "</li>\n</ul>\n",
        ),
    ],
)
def test_where_a_tail_grows(text, tail):
    assert updates(text)[0].tail == tail


def test_an_open_fence_only_grows_and_is_coloured_when_it_closes():
    shell = figure("x", "Python").replace('"hl">', '"hl" data-growing="">')

    assert updates("```py\nx", " = 1 <", "2\n``", "`", "\n", "after") == [
        Update("", shell, ""),
        Update("", None, " = 1 &lt;"),
        Update("", None, "2\n"),
        Update("", None, ""),
        Update(render("```py\nx = 1 <2\n```\n"), "", ""),
        Update("", f"<p>after{growing()}</p>\n", ""),
    ]


def test_an_open_fence_at_the_end_is_coloured_too():
    renderer = StreamRenderer()
    renderer.feed("```py\nx = 1")

    assert renderer.flush() == Update(render("```py\nx = 1"), "", "")


def test_a_definition_serves_what_follows_it():
    text = "[a]: https://e.x\n\nSome.\n\n[a]\n\nMore."

    assert read(text, every_character(text)) == render(text)
    assert "<a " in read(text, every_character(text))


def test_a_definition_that_comes_late_is_the_one_exception():
    text = "[a]\n\nSome.\n\n[a]: https://e.x\n"

    assert read(text, every_character(text)) == "<p>[a]</p>\n<p>Some.</p>\n"
    assert "<a " in render(text)


def test_a_definition_waits_for_its_title():
    text = "Some.\n\n[a]: https://e.x\n'a\ntitle'\n\n[a]\n"

    assert read(text, every_character(text)) == render(text)
    assert 'title="a\ntitle"' in render(text)


def test_what_a_tail_defines_does_not_last():
    reader = Reader()
    reader.feed("[a]: https://e.x/wro")
    reader.feed("ng\n\n[a]\n\nMore.\n")

    assert 'href="https://e.x/wrong"' in reader.settled


@pytest.mark.parametrize("parts", [("a\r", "\nb"), ("a\r", "b"), ("a", "\r\nb"), ("a\r\n", "b")])
def test_a_newline_may_be_cut_in_two(parts):
    reader = Reader()
    for part in parts:
        reader.feed(part)
    reader.flush()

    assert reader.settled == "<p>a\nb</p>\n"


def test_a_snapshot_is_the_page():
    renderer = StreamRenderer()
    assert renderer.snapshot() == Snapshot("", "")

    renderer.feed("One.\n\nTwo.\n" + "word " * 200)
    renderer.feed("& more")
    snapshot = renderer.snapshot()

    assert snapshot.settled == "<p>One.</p>\n"
    assert snapshot.tail.endswith(f"word<span {GROWING} &amp; more</span></p>\n")

    renderer.flush()
    assert renderer.snapshot() == Snapshot(render("One.\n\nTwo.\n" + "word " * 200 + "& more"), "")


def test_what_is_unsettled_can_be_asked_for():
    renderer = StreamRenderer()
    renderer.feed("One.\n\nTwo.\n")
    assert renderer.unsettled == len("Two.\n")

    renderer.flush()
    assert renderer.unsettled == 0


def test_nothing_fed_shows_nothing():
    renderer = StreamRenderer()

    assert renderer.feed("") == Update("", None, "")
    assert renderer.flush() == Update("", None, "")
