"""Fields that several forms have."""

import json
import re
from typing import Any

from django import forms
from django.conf import settings

from conversations import accounting, json_mode
from conversations.context import Number
from conversations.text import storable

MODEL_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*"

# What the API takes: so many stop sequences, each of so many characters.
MOST_STOPS = 4
LONGEST_STOP = 200

# More than any model writes, and what a database still holds.
MOST_TOKENS = 10_000_000

# Whole numbers as a database of 64 bits holds them.
LEAST_SEED, MOST_SEED = -(2**63), 2**63 - 1


class MessageField(forms.CharField):
    """A person's words: kept to the letter, but for what no database can hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, widget=forms.Textarea, **kwargs)
        # Django's own check would refuse what `storable` mends.
        self.validators = [
            check
            for check in self.validators
            if not type(check).__name__.startswith("ProhibitNullCharacters")
        ]

    def to_python(self, value: Any) -> str:
        text = super().to_python(storable(value or "")) or ""
        return text.replace("\r\n", "\n")


class ModelField(forms.RegexField):
    """The name of a model that may answer here."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "required": "Choose a model.",
            "invalid": "A model's name has letters, digits and . _ : / @ + - only.",
        }
        super().__init__(
            rf"\A{MODEL_PATTERN}\Z", max_length=100, label="Model", error_messages=words, **kwargs
        )

    def clean(self, value: Any) -> Any:
        model = super().clean(value)
        if not model:
            return model
        if settings.DEMO_MODE and model != settings.DEMO_MODEL:
            raise forms.ValidationError(
                f"While this site runs its demo, the model is “{settings.DEMO_MODEL}”."
            )
        price = accounting.price_of(model)
        if price and not price.takes_chat_completions:
            raise forms.ValidationError(f"{model} does not take chat completions.")
        return model


class StopField(MessageField):
    r"""Texts, one a line. A line break within one is typed \n, so a backslash before an n or
    another backslash is typed \\.
    """

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(_typed, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = super().to_python(value).replace("\r", "\n").split("\n")
        return list(dict.fromkeys(_meant(line) for line in lines if line))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST_STOPS:
            raise forms.ValidationError(f"At most {MOST_STOPS} stop sequences, one per line.")
        if any(len(text) > LONGEST_STOP for text in value):
            raise forms.ValidationError(f"A stop sequence has at most {LONGEST_STOP} characters.")


def _typed(text: str) -> str:
    return re.sub(r"\\(?=[n\\\n])", r"\\\\", text).replace("\n", r"\n")


def _meant(line: str) -> str:
    return re.sub(r"\\([n\\])", lambda found: "\n" if found[1] == "n" else "\\", line)


class SchemaField(MessageField):
    """A JSON Schema; None where nothing is typed."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=2)
        return value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text.strip():
            return None
        try:
            return dict(json_mode.schema_in(text))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def whole_number(label: str, least: int, most: int, **kwargs: Any) -> forms.IntegerField:
    """One that may be left blank, and says its bounds where they are passed."""
    words = f"{label} is a whole number from {least:,} to {most:,}."
    return forms.IntegerField(
        required=False,
        min_value=least,
        max_value=most,
        label=label,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
        **kwargs,
    )


def answer_limit() -> forms.IntegerField:
    """Tokens that an answer may have for this once, so that it fits into a budget.

    Not `max_tokens`: that is the chat's own setting, which a first message brings along.
    """
    return whole_number("The limit of an answer", 1, MOST_TOKENS)


def decimal_number(label: str, most: int, help_text: str) -> forms.FloatField:
    words = f"{label} is a number from 0 to {most}."
    return forms.FloatField(
        required=False,
        min_value=0,
        max_value=most,
        label=label,
        help_text=help_text,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
    )


def field_of(number: Number) -> forms.Field:
    """The field of a strategy's number; blank is its default."""
    if number.is_switch:
        return forms.BooleanField(
            required=False,
            initial=bool(number.default),
            label=number.label,
            help_text=number.explanation,
        )
    return whole_number(
        number.label,
        number.least,
        number.most,
        help_text=number.explanation,
        widget=forms.TextInput({"inputmode": "numeric", "placeholder": number.default}),
    )
