"""How a model is asked: what the settings of a chat and a preset both have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import cached_property

from conversations import accounting
from conversations.context import STRATEGIES, Strategy, strategy_named
from conversations.models import Parameters, ResponseFormat
from conversations.upstream import ignored

from .fields import (
    LEAST_SEED,
    MOST_SEED,
    ModelField,
    SchemaField,
    StopField,
    decimal_number,
    field_of,
    whole_number,
)

# Chosen one by one, and stored together as one field.
NUMBERS = [number for strategy in STRATEGIES.values() for number in strategy.numbers]
PREFIX = "number_"


@dataclass(frozen=True)
class StrategyFields:
    """A strategy as it is offered, with the fields of its numbers."""

    strategy: Strategy
    is_chosen: bool
    fields: Sequence[BoundField]


class ParametersForm(forms.Form):
    """What is blank is not sent, so that the provider's own default holds."""

    model = ModelField()
    temperature = decimal_number(
        "Temperature", 2, "From 0 (steady) to 2 (wild). Blank: the model's own."
    )
    top_p = decimal_number("Top p", 1, "From 0 to 1: how much of the likely words to choose from.")
    max_tokens = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10_000_000,
        label="Max tokens",
        help_text="The longest answer. Blank: the site's default.",
        error_messages={
            "invalid": "Max tokens is a whole number from 1.",
            "min_value": "Max tokens is a whole number from 1.",
            "max_value": "No model answers at such length.",
        },
    )
    stop = StopField(
        required=False,
        label="Stop sequences",
        help_text=r"The model stops before any of these texts. One per line, up to 4, kept exactly;"
        r" \n is a line break and \\ a backslash.",
    )
    seed = whole_number(
        "Seed",
        LEAST_SEED,
        MOST_SEED,
        help_text="The same seed makes similar answers likelier.",
    )
    response_format = forms.ChoiceField(
        required=False,
        choices=ResponseFormat.choices,
        initial=ResponseFormat.TEXT,
        label="Answers in",
        help_text="For JSON, mention JSON in your message or some providers refuse.",
    )
    json_schema = SchemaField(
        required=False,
        label="JSON Schema",
        help_text="Answers are checked against it.",
    )
    strategy = forms.ChoiceField(
        required=False,
        choices=[(each.name, each.label) for each in STRATEGIES.values()],
        label="What is sent of a long chat",
    )

    @classmethod
    def initial_of(cls, holder: Parameters) -> dict[str, Any]:
        chosen = holder.strategy_numbers
        numbers = {PREFIX + each.name: chosen.get(each.name) for each in NUMBERS}
        for switch in (each for each in NUMBERS if each.is_switch):
            numbers[PREFIX + switch.name] = bool(chosen.get(switch.name, switch.default))
        return holder.parameters() | numbers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._forgive(cleaned)
        price, limit = accounting.price_of(cleaned.get("model") or ""), cleaned.get("max_tokens")
        if limit and price and price.max_output and limit > price.max_output:
            words = f"{price.model} answers with at most {price.max_output:,} tokens."
            self.add_error("max_tokens", words)
        if self._wants_schema(cleaned) and cleaned.get("json_schema", "wrong") is None:
            self.add_error("json_schema", "Type the schema that answers are to follow.")
        return cleaned

    def _wants_schema(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("response_format") == ResponseFormat.JSON_SCHEMA

    def _forgive(self, cleaned: dict[str, Any]) -> None:
        """Nobody is held up by a field that they cannot see or change: it stays as it was."""
        strategy = STRATEGIES.get(cleaned.get("strategy") or "")
        asked = {PREFIX + number.name for number in strategy.numbers} if strategy else set()
        unseen = {PREFIX + number.name for number in NUMBERS} - asked | self.ignored
        if not self._wants_schema(cleaned):
            unseen.add("json_schema")
        for name in unseen & set(self.errors):
            del self.errors[name]

    def apply(self, holder: Parameters) -> None:
        """What was typed and is right; what was not asked about stays as it was."""
        format_before = holder.response_format
        typed = {name: value for name, value in self.cleaned_data.items() if self._was_asked(name)}
        for name in holder.parameters():
            is_choice = isinstance(self.fields.get(name), forms.ChoiceField)
            if name in typed and (typed[name] or not is_choice):
                setattr(holder, name, typed[name])
        if holder.response_format == ResponseFormat.JSON_SCHEMA and holder.json_schema is None:
            holder.response_format = format_before
        numbers = {number.name: typed.get(PREFIX + number.name) for number in NUMBERS}
        asked = {name for name in numbers if PREFIX + name in typed}
        kept = {name: old for name, old in holder.strategy_numbers.items() if name not in asked}
        chosen = {name: int(new) for name, new in numbers.items() if new is not None}
        holder.strategy_numbers = kept | chosen

    def _was_asked(self, name: str) -> bool:
        """An unticked box sends nothing, like a field that is not there."""
        is_switch = isinstance(self.fields[name], forms.BooleanField)
        return self.add_prefix("strategy" if is_switch else name) in self.data

    # --- as it is shown ---------------------------------------------------------------------

    @cached_property
    def ignored(self) -> frozenset[str]:
        """The fields that the model does not take."""
        chosen = self.cleaned_data.get("model") if self.is_bound else self.initial.get("model")
        price = accounting.price_of(chosen) if chosen else None
        return ignored(bool(price and price.is_reasoning))

    @property
    def hint(self) -> str:
        both = ("temperature", "top_p")
        if not self.ignored and all(self[name].value() not in (None, "") for name in both):
            return "Change only one of temperature and top p; together they are hard to predict."
        return ""

    @property
    def strategies(self) -> list[StrategyFields]:
        chosen = strategy_named(self["strategy"].value() or "")
        return [
            StrategyFields(
                each, each is chosen, [self[PREFIX + number.name] for number in each.numbers]
            )
            for each in STRATEGIES.values()
        ]

    @property
    def has_schema(self) -> bool:
        return bool(self["response_format"].value() == ResponseFormat.JSON_SCHEMA)

    @property
    def has_rare(self) -> bool:
        """Whether one of the settings is in use that few need."""
        return any(self[name].value() not in (None, "", []) for name in ("stop", "seed"))


# A new strategy is one file, so its numbers are not named here.
ParametersForm.declared_fields |= {PREFIX + each.name: field_of(each) for each in NUMBERS}
