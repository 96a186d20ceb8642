import pytest
from pygments.token import Error

from conversations.rendering import code, render

from .reader import figure


@pytest.fixture(autouse=True)
def nothing_kept():
    code._coloured.cache_clear()
    yield
    code._coloured.cache_clear()


def test_code_is_coloured_by_class():
    assert render("```python\ndef f(x): # y\n```") == figure(
        '<span class="k">def</span> <span class="nf">f</span>(x): <span class="c1"># y</span>\n',
        "Python",
    )


def test_indented_code_has_no_language():
    assert render("    a <b>\n\n    c") == figure("a &lt;b&gt;\n\nc\n", name="Code")


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("py", "Python"),
        ("JSON", "JSON"),
        ("c++", "C++"),
        ("{.python}", "Python"),
        ("bash title=x", "Bash"),
        ("console", "console"),
        ("brainfog", "brainfog"),
        ("a<b>", "a&lt;b&gt;"),
        ("x" * 100, "x" * 80),
    ],
)
def test_the_language_is_named(info, label):
    html = render(f"```{info}\n\n```")

    assert html.partition("<span>")[2].partition("</span>")[0] == label
    assert html.partition('role="group" aria-label="')[2].startswith(label)


def test_blank_lines_around_code_are_kept():
    assert "\n\n a\n\n</code>" in render("```python\n\n\n a\n\n```")


@pytest.mark.parametrize(
    ("text", "is_coloured"),
    [("1\n" * 50, True), ("1\n" * 50 + "1", False), ("1" * 20, True), ("1" * 21, False)],
)
def test_long_code_and_long_lines_are_plain(monkeypatch, text, is_coloured):
    monkeypatch.setattr(code, "COLOURED_CHARACTERS", 100)
    monkeypatch.setattr(code, "COLOURED_LINE_CHARACTERS", 20)

    assert ("<span" in code.colour(text, "python")) == is_coloured


class FakeLexer:
    def __init__(self, texts):
        self.texts = texts

    def get_tokens_unprocessed(self, text):
        yield from ((0, Error, part) for part in self.texts)


@pytest.mark.parametrize(
    ("texts", "html"),
    [
        (["a", "<b"], '<span class="err">a&lt;b</span>'),
        (["a", "a"], "a&lt;b"),
        (["a"], "a&lt;b"),
        (["a", "<b", "c"], "a&lt;b"),
        (iter(int, 1), "a&lt;b"),
    ],
)
def test_a_lexer_that_changes_the_text_or_fails_is_not_believed(monkeypatch, texts, html):
    monkeypatch.setattr(code, "get_lexer_by_name", lambda *_, **__: FakeLexer(texts))

    assert code.colour("a<b", "python") == html


def test_a_lexer_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(code, "COLOURING_SECONDS", -1.0)
    monkeypatch.setattr(code, "COLOURING_SECONDS_PER_THOUSAND", -1.0)

    assert code.colour("x = 1", "python") == "x = 1"


@pytest.mark.parametrize("alias", code._LANGUAGES.split())
def test_every_language_keeps_the_text(alias):
    text = "<a href='x'>é & ${b}</a>\n\n/* c */ \"d\" # e\n"
    html = code.colour(text, alias)

    for name in set(code.CLASSES.values()):
        html = html.replace(f'<span class="{name}">', "")
    assert html.replace("</span>", "") == text.replace("&", "&amp;").replace("<", "&lt;").replace(
        ">", "&gt;"
    )
