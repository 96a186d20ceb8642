"""Stacked bars as figures: what the template draws as SVG, without a script.

Across, everything is in percent of the plot, so that a chart is as wide as its place and its
words keep their size; down, it is in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from itertools import count

HEIGHT = 200  # px of the plot
ABOVE = 10  # px, half a line of words, above it
BELOW = 26  # px below it, for the labels
AXIS = 72  # px beside it, for the ticks
MOST_SERIES = 8  # colours in chart.css
MOST_TICKS = 5  # above nought
WIDEST_BAR = 8.0  # percent of the plot
BAR_SHARE = 0.8  # of a column's place
FAR = 3  # times the highest column: a limit further up would leave no bars to see
NARROW, WIDE = 250, 560  # px of the plot on a phone, and on a page that shows minor labels too
CHARACTER = 7  # px of a label's
BETWEEN = 12  # px between two labels

Write = Callable[[Decimal], str]


@dataclass(frozen=True)
class Column:
    """One value for each name of the chart, none of them negative."""

    label: str
    values: Sequence[Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.values, Decimal(0))


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    y: float
    text: str


@dataclass(frozen=True)
class Label:
    """A minor one is left out where the chart is narrow."""

    x: float
    text: str
    is_minor: bool


@dataclass(frozen=True)
class Limit:
    y: float
    text: str


@dataclass(frozen=True)
class Key:
    series: int
    name: str


@dataclass(frozen=True)
class Chart:
    axis: int
    height: int
    words_y: int
    bars: list[Bar]
    ticks: list[Tick]
    labels: list[Label]
    limit: Limit | None
    keys: list[Key]
    summary: str


def round_usd(amount: Decimal) -> str:
    """$0, $0.25, $0.0005, $1,250: a round amount without idle places."""
    places = max(0, -int(amount.normalize().as_tuple().exponent))
    return f"${amount:,.{max(places, 2) if places else 0}f}"


def stacked(
    columns: Sequence[Column],
    names: Sequence[str],
    *,
    write: Write,
    limit: Decimal | None = None,
    write_tick: Write = round_usd,
) -> Chart:
    """Columns side by side, each a stack of its values in the order of the names."""
    if len(names) > MOST_SERIES:
        raise ValueError(f"there are colours for {MOST_SERIES} names")
    highest = max((column.total for column in columns), default=Decimal(0))
    is_near = limit is not None and (not highest or limit <= FAR * highest)
    steps = _steps(max(highest, limit or Decimal(0)) if is_near else highest)
    scale = _Scale(steps[-1])
    return Chart(
        axis=AXIS,
        height=ABOVE + HEIGHT + BELOW,
        words_y=ABOVE + HEIGHT + BELOW - 6,
        bars=_bars(columns, names, scale, write),
        ticks=[Tick(scale.y(step), write_tick(step)) for step in steps],
        labels=_labels([column.label for column in columns]),
        limit=Limit(scale.y(limit), write(limit)) if limit is not None and is_near else None,
        keys=[Key(series, name) for series, name in enumerate(names)],
        summary=_summary(columns, write, limit),
    )


@dataclass(frozen=True)
class _Scale:
    top: Decimal

    def length(self, value: Decimal) -> float:
        return round(float(HEIGHT * value / self.top), 2)

    def y(self, value: Decimal) -> float:
        return round(ABOVE + HEIGHT - self.length(value), 2)


def _steps(highest: Decimal) -> list[Decimal]:
    """Nought and round numbers up to the first one that nothing is higher than."""
    if highest <= 0:
        return [Decimal(0), Decimal(1)]
    power = Decimal(1).scaleb(highest.adjusted() - 1)
    sizes = (power * ten * size for ten in (1, 10) for size in map(Decimal, ("1", "2", "2.5", "5")))
    for size in sizes:
        steps = int((highest / size).to_integral_value(ROUND_CEILING))
        if steps <= MOST_TICKS:
            break
    return [size * step for step in range(steps + 1)]


def _bars(
    columns: Sequence[Column], names: Sequence[str], scale: _Scale, write: Write
) -> list[Bar]:
    place = 100 / max(len(columns), 1)
    width = min(place * BAR_SHARE, WIDEST_BAR)
    bars = []
    for index, column in enumerate(columns):
        x = place * (index + 0.5) - width / 2
        below = Decimal(0)
        for series, (name, value) in enumerate(zip(names, column.values, strict=True)):
            below += value
            if value:
                title = f"{column.label}: {name}, {write(value)}"
                height = max(scale.length(value), 1.0)
                bars.append(
                    Bar(round(x, 3), scale.y(below), round(width, 3), height, series, title)
                )
    return bars


def _labels(words: Sequence[str]) -> list[Label]:
    """As many as stand side by side, those for a wide page and, of them, those for a phone."""
    if not words:
        return []
    room = max(map(len, words)) * CHARACTER + BETWEEN
    step = next(step for step in count(1) if len(words) / step * room <= WIDE or step >= len(words))
    coarse = next(
        many
        for many in count(step, step)
        if len(words) / many * room <= NARROW or many >= len(words)
    )
    place = 100 / len(words)
    return [
        Label(round(place * (index + 0.5), 3), words[index], is_minor=bool(index % coarse))
        for index in range(0, len(words), step)
    ]


def _summary(columns: Sequence[Column], write: Write, limit: Decimal | None) -> str:
    """The chart in words, for who does not see it."""
    if not columns:
        return "A chart without columns."
    most = max(columns, key=lambda column: column.total)
    total = sum((column.total for column in columns), Decimal(0))
    span = columns[0].label
    span += f" to {columns[-1].label}" if len(columns) > 1 else ""
    words = [f"Stacked bars, {span}: {write(total)} in all"]
    words += [f"the most is {write(most.total)}, {most.label}"] if total else []
    words += [f"the limit is {write(limit)}"] if limit is not None else []
    return "; ".join(words) + "."
