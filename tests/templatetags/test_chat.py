from decimal import Decimal

import pytest
from django.template import Context, Template

from conversations.templatetags import chat
from conversations.templatetags.chat import (
    article,
    cents,
    compact,
    seconds,
    thousands,
    usd,
    waited,
)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "cost unknown"),
        ("", "cost unknown"),
        (Decimal(0), "$0.0000"),
        (0, "$0.0000"),
        (Decimal("0.001"), "$0.0010"),
        (Decimal("0.00104"), "$0.0010"),
        (Decimal("0.00015"), "$0.00015"),
        (Decimal("0.000045"), "$0.000045"),
        (Decimal("0.000045499999"), "$0.000045"),
        (Decimal("0.0000000000015"), "$0.0000000000015"),
        (Decimal("4.5E-8"), "$0.000000045"),
        (Decimal("0.25"), "$0.2500"),
        (Decimal("0.99994"), "$0.9999"),
        (Decimal("0.99995"), "$1.00"),
        (Decimal(1), "$1.00"),
        (Decimal("7.425"), "$7.43"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0.012300000000"), "$0.0123"),
    ],
)
def test_usd_keeps_what_matters_of_small_amounts(amount, words):
    assert usd(amount) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999, "999"), (1204, "1,204"), (1_000_000, "1,000,000"), (None, ""), ("", "")],
)
def test_thousands(number, words):
    assert thousands(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (640, "640"),
        (999, "999"),
        (1000, "1k"),
        (6140, "6.1k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (128_000, "128k"),
        (400_000, "400k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (1_047_576, "1M"),
        (1_500_000, "1.5M"),
        (12_000_000_000, "12B"),
        (None, ""),
    ],
)
def test_compact(number, words):
    assert compact(number) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0, "0.0 s"),
        (40, "0.0 s"),
        (4210, "4.2 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min 0 s"),
        (72_400, "1 min 12 s"),
        (None, ""),
    ],
)
def test_seconds(milliseconds, words):
    assert seconds(milliseconds) == words


@pytest.mark.parametrize(("since", "words"), [(992.3, "7"), (1000, "0"), (1003.0, "0"), (None, "")])
def test_waited_is_never_negative(monkeypatch, since, words):
    monkeypatch.setattr(chat.time, "time", lambda: 1000.0)

    assert waited(since) == words


def test_templates_know_the_filters():
    page = Template("{% load chat %}{{ cost|usd }} · {{ tokens|thousands }} · {{ took|seconds }}")

    words = page.render(Context({"cost": Decimal("0.001"), "tokens": 1204, "took": 4200}))

    assert words == "$0.0010 · 1,204 · 4.2 s"


@pytest.mark.parametrize(
    ("words", "seconds", "html"),
    [
        (
            "You can send <b> again in 40 s.",
            40,
            "You can send &lt;b&gt; again "
            '<span class="counted" data-countdown="40">in 40 s</span>.',
        ),
        (
            "Trying again in 1 min 5 s.",
            65,
            'Trying again <span class="counted" data-countdown="65">in 1 min 5 s</span>.',
        ),
        (
            "Trying again any moment now.",
            0,
            'Trying again <span class="counted" data-countdown="0">any moment now</span>.',
        ),
        ("Queued, 3rd in line.", None, "Queued, 3rd in line."),
        ("The provider fails in 3 ways.", 3, "The provider fails in 3 ways."),
    ],
)
def test_what_counts_down_is_marked_in_its_words(words, seconds, html):
    page = Template("{% load chat %}{% counted words seconds %}")

    assert page.render(Context({"words": words, "seconds": seconds})) == html


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal(0), "$0.00"),
        (Decimal("7.42"), "$7.42"),
        (Decimal("0.4"), "$0.40"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("0.0034"), "$0.0034"),
        (Decimal("0.000045"), "$0.000045"),
        (Decimal("1234.565"), "$1,234.57"),
    ],
)
def test_a_sum_beside_a_budget_is_in_cents_and_never_nothing_by_rounding(amount, words):
    assert cents(amount) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1_200, "a"),
        (80, "an"),
        (8_192, "an"),
        (811, "an"),
        (11, "an"),
        (18_000, "an"),
        (110, "a"),
        (1_800, "a"),
        (118_000, "a"),
        (700, "a"),
    ],
)
def test_the_article_is_that_of_the_number_read_aloud(number, words):
    assert article(number) == words
