"""What comes in from a page, checked and put into words."""

from typing import Any

from django import forms
from django.conf import settings

from conversations import accounting
from conversations.models import Conversation
from conversations.text import one_line, storable

MODEL_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*"
LONGEST_SYSTEM_MESSAGE = 100_000  # characters


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


class MessageForm(forms.Form):
    text = MessageField(error_messages={"required": "Write a message first."})
    client_id = forms.UUIDField()
    parent = forms.UUIDField(required=False)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError("Write a message first.")
        longest = settings.MAX_MESSAGE_LENGTH
        if len(text) > longest:
            raise forms.ValidationError(
                f"This message has {len(text):,} characters; {longest:,} are allowed."
            )
        return text


class RetryForm(forms.Form):
    client_id = forms.UUIDField()


class RenameForm(forms.Form):
    title = forms.CharField(
        max_length=200, error_messages={"required": "A chat needs a name."}, empty_value=""
    )

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"], 200)


class SettingsForm(forms.Form):
    """How the next message of a conversation is answered."""

    system_message = MessageField(
        required=False,
        label="System message",
        max_length=LONGEST_SYSTEM_MESSAGE,
        help_text="Sent first with every message, and never left out.",
    )
    model = forms.RegexField(
        regex=rf"\A{MODEL_PATTERN}\Z",
        max_length=100,
        label="Model",
        error_messages={
            "required": "Choose a model.",
            "invalid": "A model's name has letters, digits and . _ : / @ + - only.",
        },
    )
    temperature = forms.FloatField(
        required=False,
        min_value=0,
        max_value=2,
        label="Temperature",
        help_text="From 0 (steady) to 2 (wild). Blank: the model's own.",
        error_messages={
            "invalid": "Temperature is a number from 0 to 2.",
            "min_value": "Temperature is a number from 0 to 2.",
            "max_value": "Temperature is a number from 0 to 2.",
        },
    )
    top_p = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Top p",
        help_text="From 0 to 1: how much of the likely words to choose from.",
        error_messages={
            "invalid": "Top p is a number from 0 to 1.",
            "min_value": "Top p is a number from 0 to 1.",
            "max_value": "Top p is a number from 0 to 1.",
        },
    )
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

    @classmethod
    def of(cls, conversation: Conversation) -> "SettingsForm":
        system = conversation.system_message
        return cls(
            initial={
                "system_message": system.text if system else "",
                "model": conversation.model,
                "temperature": conversation.temperature,
                "top_p": conversation.top_p,
                "max_tokens": conversation.max_tokens,
            }
        )

    def clean_model(self) -> str:
        model: str = self.cleaned_data["model"]
        if settings.DEMO_MODE and model != settings.DEMO_MODEL:
            raise forms.ValidationError(
                f"While this site runs its demo, the model is “{settings.DEMO_MODEL}”."
            )
        price = accounting.price_of(model)
        if price and not price.takes_chat_completions:
            raise forms.ValidationError(f"{model} does not take chat completions.")
        return model

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        price = accounting.price_of(cleaned.get("model") or "")
        limit = cleaned.get("max_tokens")
        if limit and price and price.max_output and limit > price.max_output:
            self.add_error(
                "max_tokens", f"{price.model} answers with at most {price.max_output:,} tokens."
            )
        return cleaned

    def apply(self, conversation: Conversation) -> None:
        for name in ("model", "temperature", "top_p", "max_tokens"):
            setattr(conversation, name, self.cleaned_data[name])

    @property
    def hint(self) -> str:
        both = ("temperature", "top_p")
        if all(self[name].value() not in (None, "") for name in both):
            return "Change only one of temperature and top p; together they are hard to predict."
        return ""
