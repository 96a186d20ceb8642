"""Few-shot messages, a row each: whose it is, and its words."""

from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join

from conversations import presets
from conversations.errors import InvalidInput
from conversations.models import Role
from conversations.text import storable


class ExamplesWidget(forms.Widget):
    """The messages that there are, and a few empty rows after them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        spare = [{"role": role, "text": ""} for role in ("user", "assistant", "user")]
        rows = enumerate([*(value or []), *spare])
        shown = format_html_join("", "{}", ((self._row(name, *row, renderer),) for row in rows))
        return format_html('<div class="examples" id="{}">{}</div>', (attrs or {}).get("id"), shown)

    def _row(self, name: str, index: int, message: Mapping[str, str], renderer: Any) -> str:
        role = forms.Select({"aria-label": f"Role of message {index + 1}"}, Role.choices)
        text = forms.Textarea({"aria-label": f"Message {index + 1}", "rows": 3, "dir": "auto"})
        return format_html(
            '<div class="examples__one">{}{}</div>',
            role.render(f"{name}-{index}-role", message.get("role"), renderer=renderer),
            text.render(f"{name}-{index}-text", message.get("text"), renderer=renderer),
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        there = takewhile(lambda index: f"{name}-{index}-text" in data, count())
        return [
            {"role": data.get(f"{name}-{index}-role", ""), "text": data[f"{name}-{index}-text"]}
            for index in there
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-0-text" not in data


class ExamplesField(forms.Field):
    widget = ExamplesWidget

    def to_python(self, value: Any) -> list[dict[str, str]]:
        rows: Sequence[Mapping[str, str]] = value or []
        return [
            {"role": row["role"], "text": storable(row["text"]).replace("\r\n", "\n")}
            for row in rows
            if row["text"].strip()
        ]

    def validate(self, value: Any) -> None:
        super().validate(value)
        for number, row in enumerate(value, start=1):
            if row["role"] not in Role.values:
                raise forms.ValidationError(
                    f"Message {number} is the user's, the assistant's or a system message."
                )
        try:
            presets.check_examples(value)
        except InvalidInput as refusal:
            raise forms.ValidationError(str(refusal)) from None
