"""Bars stand on each other, ticks are round, labels do not touch, colours can be seen."""

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from conversations.charts import ABOVE, HEIGHT, MOST_SERIES, Column, round_usd, stacked
from conversations.text import usd

CSS = Path(__file__).parent.parent / "static" / "css" / "chart.css"
# What charts are drawn upon, in the app and in the admin.
GROUNDS = {"light": ("#fdfcfb", "#ffffff", "#f8f8f8"), "dark": ("#171614", "#121212", "#242320")}


def columns(*totals: str) -> list[Column]:
    return [Column(f"{day} Nov", [Decimal(total)]) for day, total in enumerate(totals, start=1)]


def draw(given, names=("mini",), **options):
    return stacked(given, names, write=usd, **options)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        ("4.2", ["$0", "$1", "$2", "$3", "$4", "$5"]),
        ("5", ["$0", "$1", "$2", "$3", "$4", "$5"]),
        ("1", ["$0", "$0.20", "$0.40", "$0.60", "$0.80", "$1"]),
        ("0.0011", ["$0", "$0.00025", "$0.0005", "$0.00075", "$0.001", "$0.00125"]),
        ("9999", ["$0", "$2,000", "$4,000", "$6,000", "$8,000", "$10,000"]),
        ("0", ["$0", "$1"]),
    ],
)
def test_ticks_are_round_and_the_last_one_is_not_passed(highest, ticks):
    chart = draw(columns(highest))

    assert [tick.text for tick in chart.ticks] == ticks
    assert chart.ticks[0].y == ABOVE + HEIGHT
    assert chart.ticks[-1].y == ABOVE


def test_values_of_a_column_stand_on_each_other():
    chart = draw([Column("1 Nov", [Decimal(1), Decimal(0), Decimal(4)])], ("mini", "nano", "large"))

    below, above = chart.bars
    assert (below.series, below.y, below.height) == (0, ABOVE + 160, 40)
    assert (above.series, above.y, above.height) == (2, ABOVE, 160)
    assert above.title == "1 Nov: large, $4.00"


def test_what_is_not_nothing_can_be_seen():
    chart = draw(columns("100", "0.01"))

    assert chart.bars[1].height == 1


@pytest.mark.parametrize("number", [0, 1, 2, 31, 62, 366])
def test_columns_stay_side_by_side_within_the_plot(number):
    chart = draw(columns(*["1"] * number))

    edges = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert len(edges) == number
    assert all(0 <= left < right <= 100 for left, right in edges)
    assert all(right <= left for (_, right), (left, _) in pairwise(edges))


@pytest.mark.parametrize("number", [1, 2, 7, 31, 62, 366])
@pytest.mark.parametrize("word", ["1", "30 Nov", "November 2026"])
def test_labels_have_room_on_a_wide_page_and_on_a_phone(number, word):
    chart = draw([Column(word, [Decimal(1)])] * number)

    for labels, room in (
        (chart.labels, 560),
        ([label for label in chart.labels if not label.is_minor], 250),
    ):
        places = [label.x / 100 * room for label in labels]
        gaps = [after - before for before, after in pairwise(places)]
        assert labels
        assert all(gap >= 7 * len(word) for gap in gaps)


def test_a_limit_in_sight_is_a_line_and_the_axis_goes_up_to_it():
    chart = draw(columns("2"), limit=Decimal(4))

    assert chart.limit.text == "$4.00"
    assert chart.limit.y == ABOVE
    assert chart.ticks[-1].text == "$4"


def test_a_limit_far_above_is_told_and_not_drawn():
    chart = draw(columns("2"), limit=Decimal(400))

    assert chart.limit is None
    assert chart.ticks[-1].text == "$2"
    assert "the limit is $400.00" in chart.summary


def test_the_summary_says_what_is_drawn():
    assert draw(columns("1", "3", "2")).summary == (
        "Stacked bars, 1 Nov to 3 Nov: $6.00 in all; the most is $3.00, 2 Nov."
    )


@pytest.mark.parametrize("number", [0, 1, 31])
def test_a_chart_of_nothing_is_drawn(number):
    chart = draw(columns(*["0"] * number), limit=None)

    assert chart.bars == []
    assert "<svg" in render_to_string("conversations/_chart.html", {"chart": chart})


def test_there_are_as_many_names_as_colours():
    names = [str(name) for name in range(MOST_SERIES + 1)]

    with pytest.raises(ValueError, match="colours"):
        draw([], names)


def test_names_are_text():
    given = [Column("<b>1</b>", [Decimal(1), Decimal(2)])]
    chart = draw(given, ("<script>alert(1)</script>", '"><i>'))

    html = render_to_string("conversations/_chart.html", {"chart": chart})

    assert "<script" not in html
    assert "<i>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_numbers_are_written_for_a_browser_and_nothing_is_styled_inline(settings):
    settings.USE_THOUSAND_SEPARATOR = True
    html = render_to_string("conversations/_chart.html", {"chart": draw(columns(*["1"] * 3))})

    numbers = re.findall(r' (?:x|y|x1|x2|y1|y2|width|height)="(.*?)"', html)
    assert len(numbers) > 3 * 4
    assert all(re.fullmatch(r"[\d.]+%?", number) for number in numbers)
    assert "style=" not in html


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0"),
        ("0.5", "$0.50"),
        ("2.500", "$2.50"),
        ("1E+3", "$1,000"),
        ("0.00025", "$0.00025"),
    ],
)
def test_a_round_amount_has_no_idle_places(amount, words):
    assert round_usd(Decimal(amount)) == words


@pytest.mark.parametrize("series", range(MOST_SERIES))
def test_every_colour_stands_out_from_what_it_is_drawn_upon(series):
    found = re.search(rf"--chart-{series}: light-dark\((#\w+), (#\w+)\)", CSS.read_text())

    for colour, grounds in zip(found.groups(), GROUNDS.values(), strict=True):
        assert min(contrast(colour, ground) for ground in grounds) >= 3


def contrast(one: str, other: str) -> float:
    lower, higher = sorted(map(luminance, (one, other)))
    return (higher + 0.05) / (lower + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
