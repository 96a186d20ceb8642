import pytest

from conversations.rendering import RENDERER_VERSION, render

from .reader import figure

REL = 'rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("  \n\n ", ""),
        (
            "Hello **bold** and *it*, ~~gone~~, `a < b`.",
            "<p>Hello <strong>bold</strong> and <em>it</em>, <s>gone</s>, "
            "<code>a &lt; b</code>.</p>\n",
        ),
        ("one\ntwo  \nthree", "<p>one\ntwo<br>\nthree</p>\n"),
        ("a & b < c > d \"q\" 'r'", "<p>a &amp; b &lt; c &gt; d \"q\" 'r'</p>\n"),
        ("- a\n- b\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. three\n4. four", '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>\n'),
        ("> quoted\n\nafter", "<blockquote>\n<p>quoted</p>\n</blockquote>\n<p>after</p>\n"),
        ("***", "<hr>\n"),
        ("&copy; &#0;", "<p>\N{COPYRIGHT SIGN} \ufffd</p>\n"),
    ],
)
def test_plain_markdown(text, html):
    assert render(text) == html


def test_headings_begin_below_those_of_the_page():
    text = "# One\n\n## Two\n\n### Three\n\n#### Four\n\n##### Five\n\nSetext\n===\n"

    assert render(text) == (
        "<h3>One</h3>\n<h4>Two</h4>\n<h5>Three</h5>\n<h6>Four</h6>\n<h6>Five</h6>\n"
        "<h3>Setext</h3>\n"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            '[a](https://e.x/p?q=1&r=2 "T")',
            f'<a href="https://e.x/p?q=1&amp;r=2" target="_blank" title="T" {REL}>a</a>',
        ),
        ("<https://e.x>", f'<a href="https://e.x" target="_blank" {REL}>https://e.x</a>'),
        ("<me@e.x>", f'<a href="mailto:me@e.x" target="_blank" {REL}>me@e.x</a>'),
        ("[a](/admin/)", "<span>a</span>"),
        ("[a](//e.x)", "<span>a</span>"),
        ("[*a*](ftp://e.x)", "<span><em>a</em></span>"),
        ("https://e.x stays text", "https://e.x stays text"),
        (
            "[a]\n\n[a]: https://e.x",
            f'<a href="https://e.x" target="_blank" {REL}>a</a>',
        ),
    ],
)
def test_links_open_a_new_page_and_lead_to_the_web_only(text, html):
    assert render(text) == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "![A cat](https://e.x/c.png)",
            f'<a class="image-link" href="https://e.x/c.png" target="_blank" {REL}>A cat</a>',
        ),
        (
            "![](https://e.x/c.png)",
            f'<a class="image-link" href="https://e.x/c.png" target="_blank" {REL}>'
            "https://e.x/c.png</a>",
        ),
        ("![A cat](cat.png)", '<span class="image-link">A cat</span>'),
        (
            "[![A cat](https://e.x/c.png)](https://e.x)",
            f'<a href="https://e.x" target="_blank" {REL}><span class="image-link">A cat</span></a>',
        ),
    ],
)
def test_images_are_links_and_are_not_loaded(text, html):
    assert render(text) == f"<p>{html}</p>\n"


def test_html_is_shown_as_text():
    text = "<b>x</b> <script>alert(1)</script>\n\n<div>\n\ny\n\n</div>"

    assert render(text) == (
        "<p>&lt;b&gt;x&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
        "<p>&lt;div&gt;</p>\n<p>y</p>\n<p>&lt;/div&gt;</p>\n"
    )


def test_tasks_cannot_be_ticked_and_say_what_they_are():
    assert render("- [x] a\n- [ ] b\n- c\n") == (
        '<ul class="contains-task-list">\n'
        '<li class="task-list-item">'
        '<input type="checkbox" disabled="" checked="" aria-label="Done"> a</li>\n'
        '<li class="task-list-item">'
        '<input type="checkbox" disabled="" aria-label="To do"> b</li>\n'
        "<li>c</li>\n</ul>\n"
    )


def test_code_in_a_list_is_a_figure_too():
    inside = figure("x\n", name="Code")

    assert render("1. a\n   ```\n   x\n   ```\n") == f"<ol>\n<li>a{inside}</li>\n</ol>\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_of_any_kind(newline):
    assert render(f"a{newline}b{newline}{newline}c") == "<p>a\nb</p>\n<p>c</p>\n"


def test_what_cannot_be_stored_is_replaced():
    assert render("a\x00b\ud800c") == "<p>a\ufffdb\ufffdc</p>\n"


def test_the_version_is_a_number():
    assert RENDERER_VERSION >= 1
