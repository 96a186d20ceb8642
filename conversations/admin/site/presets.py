"""The site's presets. Those that people keep for themselves are theirs, and not here."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from conversations.context import STRATEGIES, strategy_named
from conversations.forms import ParametersForm
from conversations.forms.parameters import PREFIX
from conversations.forms.settings import SettingsForm
from conversations.models import Preset
from conversations.templatetags.chat import thousands
from conversations.text import one_line

from ..filters import ModelFilter
from ..readonly import ModelAdmin
from .examples import ExamplesField

NUMBERS = {
    PREFIX + number.name: strategy
    for strategy in STRATEGIES.values()
    for number in strategy.numbers
}

if TYPE_CHECKING:
    PresetModelForm = forms.ModelForm[Preset]
else:
    PresetModelForm = forms.ModelForm


class PresetForm(ParametersForm, PresetModelForm):
    system_message = SettingsForm.declared_fields["system_message"]
    examples = ExamplesField(
        required=False,
        label="Messages",
        help_text="What a chat begins with, in order. A row without text is left out; save to get"
        " more rows.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        preset = kwargs.get("instance") or Preset(model=settings.DEFAULT_MODEL)
        kwargs["initial"] = self.initial_of(preset) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for name in ("system_message", "stop", "json_schema"):
            if field := self.fields.get(name):
                field.widget.attrs["class"] = "vLargeTextField"
        for name, strategy in NUMBERS.items():
            if field := self.fields.get(name):
                field.help_text = f"Of “{strategy.label}”. {field.help_text}"

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"], 60)
        others = Preset.objects.filter(owner=None, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("The site has a preset of this name already.")
        return name


@admin.register(Preset)
class PresetAdmin(ModelAdmin[Preset]):
    form = PresetForm
    list_display = ("name", "description", "model", "shown_strategy", "messages")
    list_filter = (ModelFilter,)
    search_fields = ("name", "description", "system_message")
    show_full_result_count = False
    show_facets = admin.ShowFacets.ALLOW

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preset]:
        return super().get_queryset(request).filter(owner=None)

    def get_fieldsets(self, request: HttpRequest, obj: Preset | None = None) -> Any:
        is_read = obj is not None and not self.has_change_permission(request, obj)
        numbers = ["strategy_numbers"] if is_read else [*NUMBERS]
        sampling = ("temperature", "top_p", "max_tokens", "stop", "seed")
        return (
            (None, {"fields": ("name", "description")}),
            ("Model", {"fields": ("model", "system_message", *sampling)}),
            ("Context", {"fields": ("strategy", *numbers)}),
            ("Format", {"fields": ("response_format", "json_schema")}),
            ("Few-shot messages", {"fields": ("examples",)}),
        )

    def save_model(self, request: HttpRequest, obj: Preset, form: Any, change: bool) -> None:
        form.apply(obj)
        super().save_model(request, obj, form, change)

    @admin.display(description="strategy", ordering="strategy")
    def shown_strategy(self, preset: Preset) -> str:
        return strategy_named(preset.strategy).label

    @admin.display(description="messages")
    def messages(self, preset: Preset) -> str:
        return thousands(len(preset.examples))
