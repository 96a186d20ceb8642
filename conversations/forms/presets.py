"""How chats begin: choosing a preset, keeping one, naming it."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import AbstractBaseUser

from conversations.models import Preset
from conversations.presets import Taken
from conversations.text import one_line


class PresetChoiceForm(forms.Form):
    """The site's or one's own; blank: none."""

    preset = forms.ModelChoiceField(
        Preset.objects.none(),
        required=False,
        error_messages={"invalid_choice": "This preset is not there any more. Choose another one."},
    )

    def __init__(self, user: AbstractBaseUser, *args: Any) -> None:
        super().__init__(*args)
        field = cast("forms.ModelChoiceField[Preset]", self.fields["preset"])
        field.queryset = Preset.objects.for_person(user)


class PresetNameForm(forms.Form):
    name = forms.CharField(
        max_length=60, label="Name", error_messages={"required": "A preset needs a name."}
    )
    description = forms.CharField(max_length=200, required=False, label="Description")

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"], 60)

    def clean_description(self) -> str:
        return one_line(self.cleaned_data["description"], 200)


class SavePresetForm(PresetNameForm):
    """A name that is taken is asked about once."""

    taken = forms.ChoiceField(
        required=False,
        choices=[
            (Taken.NONE, "No messages"),
            (Taken.WRITTEN, "The messages written by hand"),
            (Taken.ALL, "All messages so far"),
        ],
        label="Begins with",
        help_text="Messages that a chat begins with are examples for the model.",
    )
    replace = forms.BooleanField(required=False)

    def __init__(self, user: AbstractBaseUser, *args: Any) -> None:
        super().__init__(*args)
        self.mine = Preset.objects.filter(owner_id=user.pk)
        self.would_replace = False

    def clean_taken(self) -> Taken:
        return Taken(self.cleaned_data["taken"] or Taken.NONE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name = cleaned.get("name")
        if name and not cleaned["replace"] and self.mine.filter(name=name).exists():
            self.would_replace = True
            self.add_error("name", f"You have a preset “{name}” already.")
        return cleaned
