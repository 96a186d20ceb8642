"""What each turn of a conversation cost, as a chart and as the numbers that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from conversations.charts import MOST_SERIES, Chart, Column, stacked
from conversations.text import usd

from ..amounts import in_words
from ..calls import Call
from .readings import Reading

MOST_COLUMNS = 100  # of a chart; longer conversations have several turns in one
OTHERS = "other models"
NO_TURN = "no turn"


@dataclass(frozen=True)
class TurnCost:
    """`turn` is a message's number; None: the calls that belong to none."""

    turn: int | None
    message: str
    calls: list[Call]

    @property
    def models(self) -> str:
        return ", ".join(dict.fromkeys(call.row.model for call in self.calls))

    @property
    def prompt_tokens(self) -> int:
        return sum(call.row.prompt_tokens for call in self.calls)

    @property
    def completion_tokens(self) -> int:
        return sum(call.row.completion_tokens for call in self.calls)

    @property
    def unknown(self) -> int:
        return sum(call.row.cost is None for call in self.calls)

    @property
    def cost(self) -> str:
        return in_words(_sum(self.calls), len(self.calls), self.unknown)


@dataclass(frozen=True)
class Costs:
    turns: list[TurnCost]
    chart: Chart

    @property
    def unknown(self) -> int:
        return sum(turn.unknown for turn in self.turns)


def costs_of(reading: Reading) -> Costs | None:
    """None where no call has ended yet."""
    turns = [
        TurnCost(entry.number, str(entry.turn.message.pk), _ended(entry.calls))
        for entry in reading.entries
    ]
    turns = [
        turn for turn in [*turns, TurnCost(None, "", _ended(reading.other_calls))] if turn.calls
    ]
    return Costs(turns, _chart(turns)) if turns else None


def _chart(turns: Sequence[TurnCost]) -> Chart:
    names = _names(turns)
    size = -(-len(turns) // MOST_COLUMNS)
    columns = [_column(turns[at : at + size], names) for at in range(0, len(turns), size)]
    return stacked(columns, names, write=usd)


def _names(turns: Sequence[TurnCost]) -> list[str]:
    models = list(dict.fromkeys(call.row.model for turn in turns for call in turn.calls))
    return models if len(models) <= MOST_SERIES else [*models[: MOST_SERIES - 1], OTHERS]


def _column(turns: Sequence[TurnCost], names: Sequence[str]) -> Column:
    calls = [call for turn in turns for call in turn.calls]
    by_name = [[call for call in calls if _name(call, names) == name] for name in names]
    first, last = (f"#{turn.turn}" if turn.turn else NO_TURN for turn in (turns[0], turns[-1]))
    label = first if first == last else f"{first} to {last}"
    return Column(label, [_sum(some) for some in by_name])


def _name(call: Call, names: Sequence[str]) -> str:
    return call.row.model if call.row.model in names else OTHERS


def _ended(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if call.row.ended_at]


def _sum(calls: Sequence[Call]) -> Decimal:
    return sum((call.row.cost for call in calls if call.row.cost is not None), Decimal(0))
