r"""Formulas: where they are, and what becomes of them."""

import pytest

from conversations.rendering import limits, render

X = "<mrow><mi>x</mi></mrow>"
INLINE = f"<math>{X}</math>"
DISPLAY = f'<math display="block" tabindex="0">{X}</math>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (r"so \(x\) is", f"<p>so {INLINE} is</p>\n"),
        ("so $x$ is", f"<p>so {INLINE} is</p>\n"),
        ("$x$ costs 5", f"<p>{INLINE} costs 5</p>\n"),
        (r"so \[x\] is", f"<p>so {DISPLAY} is</p>\n"),
        ("so $$x$$ is", f"<p>so {DISPLAY} is</p>\n"),
        ("$$x$$", f"{DISPLAY}\n"),
        ("$$\nx\n$$", f"{DISPLAY}\n"),
        ("\\[\nx\n\\]\n", f"{DISPLAY}\n"),
        ("so\n\\[\nx\n\\]\nis", f"<p>so</p>\n{DISPLAY}\n<p>is</p>\n"),
        ("\\[\nx\n\\], so", f"<p>{DISPLAY}, so</p>\n"),
        ("- a\n  $$\n  x\n  $$\n- b", f"<ul>\n<li>a{DISPLAY}\n</li>\n<li>b</li>\n</ul>\n"),
        ("> $$\n> x\n> $$\n", f"<blockquote>\n{DISPLAY}\n</blockquote>\n"),
    ],
)
def test_delimiters(text, html):
    assert render(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6",
        "$5-$6",
        "5$ and 6$",
        "$5 million and 6$",
        "a $ b $ c",
        "$$",
        "$$$$",
        "$$$ x $$$ y",
        "cost: $",
    ],
)
def test_a_lone_dollar_is_money(text):
    assert render(text) == f"<p>{text}</p>\n"


def test_escaped_delimiters_are_text():
    assert render(r"\$x\$ \\(x\\)") == "<p>$x$ \\(x\\)</p>\n"


def test_code_is_left_alone():
    assert render(r"`$x$ \(x\)`") == r"<p><code>$x$ \(x\)</code></p>" + "\n"


def test_a_display_holds_what_looks_like_other_blocks():
    html = render("$$\nx\n- y\n= z\n===\n$$\n")

    assert html.startswith('<math display="block"')
    assert html.count("<math") == 1


@pytest.mark.parametrize("opening", ["$$", "\\["])
def test_a_display_that_does_not_close_is_a_paragraph_to_the_next_blank_line(opening):
    shown = opening.removeprefix("\\")

    assert render(f"{opening}\nx\n- y\n\n- z") == (
        f"<p>{shown}\nx\n- y</p>\n<ul>\n<li>z</li>\n</ul>\n"
    )


@pytest.mark.parametrize(
    ("tex", "mathml"),
    [
        (r"a<b>c", "<mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>&gt;</mo><mi>c</mi>"),
        (r"\text{a <i>b</i>}", "<mtext>a&nbsp;&lt;i&gt;b&lt;/i&gt;</mtext>"),
        (r"\text{&lt;i&gt;}", "<mtext>&amp;lt;i&amp;gt;</mtext>"),
        (r"\unicode{x3c}", "<mi>&lt;</mi>"),
        (r"\unicode{xd800}", "<mi>\ufffd</mi>"),
    ],
)
def test_what_stands_in_a_formula_stays_text(tex, mathml):
    assert render(f"\\({tex}\\)") == f"<p><math><mrow>{mathml}</mrow></math></p>\n"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("aligned", "align*"),
        ("align", "align*"),
        ("alignedat}{2", "align*"),
        ("gather*", "matrix"),
        ("dcases", "cases"),
    ],
)
def test_environments_have_a_nearest_one(name, known):
    text = "\\[\\begin{{{0}}} a &= b \\\\ c &= d \\end{{{1}}}\\]"
    ending = name.partition("}")[0]

    assert render(text.format(name, ending)) == render(text.format(known, known))
    assert "<mtable" in render(text.format(name, ending))


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac",
        r"a_b_c",
        r"a^b^c",
        r"\left( a",
        r"\newcommand{\a}{\b\b}\a",
        r"\def\a{x}\a",
        "{" * 1500,
        "^" * 1500,
    ],
)
def test_what_cannot_be_converted_is_shown_as_written(tex):
    assert render(f"so \\({tex}\\)") == f"<p>so <code>\\({tex}\\)</code></p>\n"


def test_a_long_formula_is_shown_as_written():
    tex = "x+" * (limits.FORMULA_CHARACTERS // 2) + "y"

    assert render(f"$$\n{tex}\n$$") == f"<p><code>$$\n{tex}\n$$</code></p>\n"
    assert "<" not in render(f"$${tex}$$ z").removeprefix("<p>").removesuffix("</p>\n")
