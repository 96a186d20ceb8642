"""What may leave the room, whatever a model writes."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.rendering import allowed, render
from tests.properties import modest

from .reader import read, tags_of

URL = re.compile(r"(https?|mailto):", re.IGNORECASE)


def assert_allowed(html):
    """Every tag, attribute and value is on the list."""
    for tag, attributes in tags_of(html):
        assert tag in allowed.TAGS
        for name, value in attributes.items():
            if name == "class":
                assert set(value.split()) <= allowed.CSS_CLASSES[tag]
            elif name == "rel":
                assert (tag, value) == ("a", allowed.LINK_REL)
            elif name in allowed.VALUES.get(tag, {}):
                assert value in allowed.VALUES[tag][name]
            else:
                assert name in allowed.ATTRIBUTES[tag]
                assert name != "href" or URL.match(value)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><path d=''/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<p style='position:fixed' class='note' id='composer'>x</p>",
    "<button type='submit' data-copy-code>Send</button>",
    "<form action=/logout/><input name=x autofocus onfocus=alert(1)></form>",
    "<base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u202e<script>\u2066alert(1)</script>",
    "<scr\x00ipt>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    "[x](java\u200bscript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](data:text/html,<script>alert(1)</script>)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    '[x](https://e.x/"onmouseover=alert(1)//)',
    "[x](https://e.x 'a\" onmouseover=\"alert(1)')",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '![x](https://e.x/a.png"onerror="alert(1))',
    "![<img src=x onerror=alert(1)>](https://e.x)",
    "![x](data:image/png;base64,AAAA)",
    "```<script>alert(1)</script>\nx\n```",
    '```"onclick=alert(1)\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    '```python\n"</code></pre><script>alert(1)</script>\n```',
    "`<img src=x onerror=alert(1)>`",
    "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|\n",
    '|" onfocus="alert(1)|\n|-|\n|x|\n',
    r"\(\text{<img src=x onerror=alert(1)>}\)",
    r"\(\text{</mtext></math><img src=x onerror=alert(1)>}\)",
    r"\(\text{<annotation-xml encoding='text/html'><img src=x onerror=alert(1)>}\)",
    r"\(\href{javascript:alert(1)}{x}\)",
    r"\(\href{https://evil.example}{x}\)",
    r"\(\style{position:fixed;inset:0}{x}\)",
    r"\(\class{note bad}{x}\)",
    r"\(\color{red}{x}\colorbox{red}{x}\)",
    r"\(\hspace{-1000em}x\rule{999em}{999em}\)",
    r"\(\unicode{x3c}script\unicode{x3e}\)",
    r"\(\mbox{$<script>alert(1)</script>$}\)",
    r"\(\operatorname{<script>}\verb|<script>|\)",
    "$$\n<script>alert(1)</script>\n$$",
    "# <img src=x onerror=alert(1)>",
    "- [x] <img src=x onerror=alert(1)>",
    'data-growing=""><script>alert(1)</script>',
]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_gets_past_the_list(text):
    html = render(text)

    assert_allowed(html)
    assert_allowed(read(text, range(1, len(text))))
    assert allowed.sanitised(html) == html


@pytest.mark.parametrize(
    ("tex", "mathml"),
    [
        (r"\href{javascript:alert(1)}{x}", "<mrow><mrow><mi>x</mi></mrow></mrow>"),
        (r"\style{color:red}{x}", "<mrow><mi>x</mi></mrow>"),
        (r"\color{red}{x}", "<mstyle><mrow><mi>x</mi></mrow></mstyle>"),
        (r"\hspace{-99em}x", "<mspace></mspace><mi>x</mi>"),
        (r"a\quad b", '<mi>a</mi><mspace width="1em"></mspace><mi>b</mi>'),
    ],
)
def test_of_a_formula_only_the_formula_is_left(tex, mathml):
    assert render(f"\\({tex}\\)") == f"<p><math><mrow>{mathml}</mrow></math></p>\n"


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<p style="color:red" id="a" onclick="b()">x</p>', "<p>x</p>"),
        ('<a href="javascript:b()">x</a>', f'<a rel="{allowed.LINK_REL}">x</a>'),
        ('<a href="/admin/">x</a>', f'<a rel="{allowed.LINK_REL}">x</a>'),
        ('<img src="https://e.x">', ""),
        ("<script>x</script>y", "y"),
        ("<style>x</style>y", "y"),
        ("<svg><a>x</a></svg>", ""),
        ('<button type="submit" data-copy-code="1">x</button>', "<button>x</button>"),
        ('<div class="note scroll" role="alert">x</div>', '<div class="scroll">x</div>'),
        ("<h1>x</h1><h2>y</h2>", "xy"),
        ('<pre tabindex="5">x</pre>', "<pre>x</pre>"),
        ("<p>x", "<p>x</p>"),
    ],
)
def test_the_sanitiser_takes_away_what_is_not_listed(html, left):
    assert allowed.sanitised(html) == left


def test_no_attribute_runs_or_loads_anything():
    names = {name for of_tag in allowed.ATTRIBUTES.values() for name in of_tag}
    names |= {name for of_tag in allowed.VALUES.values() for name in of_tag}

    assert not names & {"style", "src", "srcset", "srcdoc", "id", "name", "action", "formaction"}
    assert [name for name in names if name.startswith("on")] == []
    assert not allowed.TAGS & {"script", "style", "svg", "img", "iframe", "form", "object", "h1"}


PIECES = st.sampled_from([*ATTACKS, "\n", "\n\n", "- ", "> ", "`", "**", "[", "](", "$", "|"])


@modest
@given(st.lists(PIECES | st.text(max_size=8), max_size=8).map("".join))
def test_nothing_gets_past_the_list_in_any_mixture(text):
    html = render(text)

    assert_allowed(html)
    assert "<script" not in html
    assert allowed.sanitised(html) == html
    assert "javascript:" not in "".join(
        unescape(str(attributes.get("href"))) for _, attributes in tags_of(html)
    )
