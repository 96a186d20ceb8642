"""Load the price table that comes with the project. Rows that exist are left as they are."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from conversations.models import ModelPrice

TABLE = Path(__file__).resolve().parents[2] / "prices" / "openai.csv"
# The day from which the table's prices hold here.
VALID_FROM = date(2026, 11, 1)
# Prompt tokens above which the table's second pair of prices holds: its column names say so.
THRESHOLD = 272_000

# OpenAI gives the gpt-5 models 400,000 tokens of window, 272,000 of them for the prompt.
SPLIT_WINDOW = (272_000, 128_000)

# Made up, so that the demo shows what costs look like; nothing is charged for it.
DEMO = {
    "input": Decimal("0.25"),
    "cached_input": Decimal("0.025"),
    "output": Decimal(2),
    "max_input": 120_000,
    "context_window": 128_000,
    "max_output": 8_000,
}


class Command(BaseCommand):
    help = "Load the project's price table; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        known = set(ModelPrice.objects.values_list("model", "valid_from"))
        new = [row for row in _rows() if (row.model, row.valid_from) not in known]
        ModelPrice.objects.bulk_create(new, ignore_conflicts=True)
        if options["verbosity"] > 0:
            self.stdout.write(f"{len(new)} prices loaded, {len(known)} were there.")


def _rows() -> Iterator[ModelPrice]:
    yield ModelPrice(model=settings.DEMO_MODEL, valid_from=VALID_FROM, **DEMO)
    with TABLE.open(newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        for row in csv.DictReader(lines):
            yield _row(row)


def _row(row: dict[str, str]) -> ModelPrice:
    max_input, max_output = _whole(row["max_input_tokens"]), _whole(row["max_output_tokens"])
    is_split = (max_input, max_output) == SPLIT_WINDOW
    return ModelPrice(
        model=row["model"],
        valid_from=VALID_FROM,
        input=Decimal(row["input"]),
        cached_input=_usd(row["cached_input"]),
        cache_write=_usd(row["cache_write"]),
        output=Decimal(row["output"]),
        threshold=THRESHOLD if row["input_above_272k"] else None,
        input_above=_usd(row["input_above_272k"]),
        output_above=_usd(row["output_above_272k"]),
        max_input=max_input,
        context_window=sum(SPLIT_WINDOW) if is_split else max_input,
        max_output=max_output,
        takes_chat_completions=row["chat_completions"] == "1",
        is_reasoning=row["reasoning"] == "1",
        withdrawn_on=date.fromisoformat(row["deprecation_date"])
        if row["deprecation_date"]
        else None,
    )


def _whole(value: str) -> int | None:
    return int(value) if value else None


def _usd(value: str) -> Decimal | None:
    return Decimal(value) if value else None
