"""Which days, and of whom and what, as an address asks for it."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from conversations import usage
from conversations.models import Completion, Purpose
from conversations.usage import Selection

from ..filters import MOST, people_of, values_held
from ..periods import PERIODS, days_of

DEFAULT = "month"
MOST_YEARS = 10
EVERYBODY = [("", "All")]
LARGEST_KEY = 2**31 - 1
# No site is older, and no calendar ends within a span of here.
SENSIBLE = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31)))


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, validators=SENSIBLE)


def _key(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=LARGEST_KEY, widget=forms.Select
    )


class SelectionForm(forms.Form):
    """A period by name, or its two days; empty is everybody and everything."""

    period = forms.ChoiceField(choices=PERIODS.items(), required=False)
    first = _day("From")
    last = _day("To")
    user = _key("User")
    group = _key("Group")
    model = forms.CharField(required=False, max_length=100, strip=False, widget=forms.Select)
    purpose = forms.ChoiceField(required=False, choices=[*EVERYBODY, *Purpose.choices])

    def __init__(self, data: Any, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_user(self) -> int | None:
        key: int | None = self.cleaned_data["user"]
        if key and not get_user_model().objects.filter(pk=key).exists():
            raise ValidationError("There is no such account.")
        return key

    def clean_group(self) -> int | None:
        key: int | None = self.cleaned_data["group"]
        if key is not None and not Group.objects.filter(pk=key).exists():
            raise ValidationError("There is no such group.")
        return key

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        first, last = found.get("first"), found.get("last")
        if self.errors or not (first or last):
            period = found.get("period") or DEFAULT
            found["first"], found["last"] = days_of(period, self.today)
        elif first is None or last is None:
            raise ValidationError("A span has a first and a last day.")
        elif first > last:
            raise ValidationError("The first day is after the last one.")
        elif last - first > timedelta(days=366 * MOST_YEARS):
            raise ValidationError(f"A span is at most {MOST_YEARS} years long.")
        return found

    @property
    def selection(self) -> Selection:
        """What is asked for; where that makes no sense, the default."""
        if not self.is_valid():
            return Selection(*days_of(DEFAULT, self.today))
        names = ("first", "last", "user", "group", "model", "purpose")
        return Selection(**{name: self.cleaned_data[name] for name in names})

    @property
    def complaints(self) -> list[str]:
        return [
            f"{self.fields[name].label or name.capitalize()}: {words}"
            if name in self.fields
            else str(words)
            for name, errors in self.errors.items()
            for words in errors
        ]


def shown(selection: Selection, today: date) -> SelectionForm:
    """The form as it stands on the page: with what it can choose from, and what is chosen."""
    form = SelectionForm(None, today)
    form.initial = {name: getattr(selection, name) for name in ("first", "last")}
    form.initial |= {
        name: "" if getattr(selection, name) is None else str(getattr(selection, name))
        for name in ("user", "group", "model", "purpose")
    }
    groups = [(str(pk), name) for pk, name in Group.objects.values_list("pk", "name")]
    people = [*people_of(Completion, "user"), (str(usage.NOBODY), "(deleted accounts)")]
    if selection.user and str(selection.user) not in dict(people):
        people.append((str(selection.user), name_of(selection.user)))
    models = values_held(Completion, "model", MOST)
    if selection.model and selection.model not in models:
        models.append(selection.model)
    for name, offered in (
        ("user", people),
        ("group", sorted(groups, key=lambda group: group[1].casefold())),
        ("model", [(model, model) for model in models]),
    ):
        widget: Any = form.fields[name].widget
        widget.choices = EVERYBODY + offered
    return form


def name_of(user: int) -> str:
    return str(get_user_model().objects.get(pk=user).get_username())
