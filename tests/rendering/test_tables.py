import pytest

from conversations.rendering import limits, render


def table(name, head, *rows):
    """`head` and `rows` as they stand in the HTML."""
    body = "".join(f"<tr>\n{row}\n</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{name}"><table>\n'
        f"<thead>\n<tr>\n{head}\n</tr>\n</thead>\n"
        + (f"<tbody>\n{body}</tbody>\n" if rows else "")
        + "</table></div>\n"
    )


def th(text, name=""):
    attribute = f' class="{name}"' if name else ""
    return f'<th scope="col"{attribute}>{text}</th>'


def test_a_table_scrolls_and_has_a_name():
    assert render("| **A** | B |\n|---|---|\n| x | `y` |\n") == table(
        "Table: A, B",
        th("<strong>A</strong>") + "\n" + th("B"),
        "<td>x</td>\n<td><code>y</code></td>",
    )


def test_an_escaped_pipe_is_text():
    assert render("|A|\n|-|\n|a \\| b|\n") == table("Table: A", th("A"), "<td>a | b</td>")


@pytest.mark.parametrize(
    ("dashes", "name"), [(":--", ""), (":-:", "center"), ("--:", "n"), ("---", "n")]
)
def test_colons_align_and_numbers_align_themselves(dashes, name):
    attribute = f' class="{name}"' if name else ""

    assert render(f"|A|\n|{dashes}|\n|1|\n") == table(
        "Table: A", th("A", name), f"<td{attribute}>1</td>"
    )


@pytest.mark.parametrize(
    ("values", "is_numeric"),
    [
        (["1", "-2.5", "1,204"], True),
        (["$0.25", "€ 2", "£3"], True),
        (["12 %", "3 ms", "4 km/h", "400k"], True),
        (["**7**", "`8`"], True),
        (["1", "", "n/a", "-"], True),
        (["", "-"], False),
        (["1", "two"], False),
        (["2026-01-02"], False),
        (["1 of 3"], False),
    ],
)
def test_what_counts_as_numbers(values, is_numeric):
    html = render("|A|B|\n|-|-|\n" + "".join(f"|{value}|x|\n" for value in values))

    assert ('<th scope="col" class="n">A</th>' in html) == is_numeric


def test_what_is_missing_of_a_row_is_one_cell():
    assert render("|A|B|C|\n|-|-|-|\n|x|\n|x|y|\n|x|y|z|w|\n") == table(
        "Table: A, B, C",
        "\n".join(map(th, "ABC")),
        '<td>x</td>\n<td colspan="2"></td>',
        "<td>x</td>\n<td>y</td>\n<td></td>",
        "<td>x</td>\n<td>y</td>\n<td>z</td>",
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("|A|B|\n|-|\n", "<p>"),
        ("A\n-|-\n", "<p>"),
        ("|A|\n    |-|\n", "<p>"),
        ("|\n--\n", "<h4>"),
        ("- |A\n-|-\n", "<ul>"),
        ("# A|B\n-|-\n", "<h3>"),
        ("``` A|B\n-|-\n", "<figure"),
    ],
)
def test_what_is_no_table(text, kind):
    assert render(text).startswith(kind)


def test_a_table_ends_where_another_block_begins():
    html = render("text\n|A|\n|-|\n|x|\n- list\n")

    assert html == (
        "<p>text</p>\n" + table("Table: A", th("A"), "<td>x</td>") + "<ul>\n<li>list</li>\n</ul>\n"
    )


def test_an_unnamed_table():
    assert render("| | |\n|-|-|\n") == table("Table", th("") + "\n" + th(""))


@pytest.mark.parametrize("columns", [limits.TABLE_COLUMNS, limits.TABLE_COLUMNS + 1])
def test_a_wide_table_is_shown_as_written(columns):
    text = "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|1" * columns + "|\n"
    html = render(text + "\nafter")

    if columns > limits.TABLE_COLUMNS:
        assert html == f'<pre class="verbatim"><code>{text}</code></pre>\n<p>after</p>\n'
    else:
        assert html.startswith('<div class="scroll"')
