"""One's own presets: kept from a chat, named, deleted. Whoever else's are 404."""

import uuid
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from conversations import presets
from conversations.errors import InvalidInput
from conversations.forms import PresetNameForm, SavePresetForm
from conversations.models import Conversation, Preset

from .shell import own_conversation, person


@dataclass(frozen=True)
class OwnPreset:
    """One of the list, with the form in which it is named."""

    preset: Preset
    form: PresetNameForm
    is_open: bool = False

    @property
    def prefix(self) -> str:
        return f"preset-{self.preset.pk}"


def own_presets(user: User, renamed: OwnPreset | None = None) -> list[OwnPreset]:
    """Those of the person; the one that was just named stands open."""
    mine = Preset.objects.filter(owner=user)
    return [
        replace(renamed, preset=preset)
        if renamed and renamed.preset == preset
        else OwnPreset(
            preset, PresetNameForm(initial=model_to_dict(preset, ["name", "description"]))
        )
        for preset in mine
    ]


def own_preset(request: HttpRequest, preset_id: int) -> Preset:
    return get_object_or_404(Preset, owner=person(request), pk=preset_id)


@require_POST
def save(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversation = own_conversation(request, conversation_id)
    form = SavePresetForm(person(request), request.POST)
    saved = None
    if form.is_valid():
        wanted = (form.cleaned_data[name] for name in ("name", "description", "taken"))
        try:
            saved = presets.save(conversation, *wanted)
        except InvalidInput as refusal:
            form.add_error(None, str(refusal))
    return _section(request, conversation, form, saved)


def _section(
    request: HttpRequest, conversation: Conversation, form: SavePresetForm, saved: Preset | None
) -> HttpResponse:
    context = {
        "conversation": conversation,
        "preset_form": SavePresetForm(person(request)) if saved else form,
        "saved": saved,
        "own_presets": own_presets(person(request)),
    }
    status = 200 if saved else 422
    response = render(request, "conversations/_presets.html", context, status=status)
    # What is wrong is said where it was typed.
    response["HX-Retarget"] = "#presets"
    return response


@require_POST
def rename(request: HttpRequest, preset_id: int) -> HttpResponse:
    preset = own_preset(request, preset_id)
    form = PresetNameForm(request.POST)
    if form.is_valid():
        try:
            presets.rename(preset, **form.cleaned_data)
        except InvalidInput as refusal:
            form.add_error("name", str(refusal))
    return _own(request, OwnPreset(preset, form, is_open=True))


@require_POST
def delete(request: HttpRequest, preset_id: int) -> HttpResponse:
    """Chats that began with it stay as they are."""
    own_preset(request, preset_id).delete()
    return _own(request)


def _own(request: HttpRequest, renamed: OwnPreset | None = None) -> HttpResponse:
    context = {"own_presets": own_presets(person(request), renamed)}
    status = 422 if renamed and renamed.form.errors else 200
    response = render(request, "conversations/_own_presets.html", context, status=status)
    response["HX-Retarget"] = "#own-presets"
    return response
