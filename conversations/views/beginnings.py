"""What a new chat begins with: its settings, and a preset."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, QueryDict

from conversations import presets
from conversations.forms import PresetChoiceForm, SettingsForm
from conversations.models import Conversation, Preset

from .shell import aperson, blank_conversation, checked, person


def chosen(user: User, choices: QueryDict) -> Preset | None:
    """Raises Http404 for one that is not theirs."""
    form = PresetChoiceForm(user, choices)
    if not form.is_valid():
        raise Http404
    preset: Preset | None = form.cleaned_data["preset"]
    return preset


def begun_with(user: User, preset: Preset | None) -> Conversation:
    """Not stored before its first message is."""
    conversation = blank_conversation(user)
    if preset:
        presets.begin_with(preset, conversation)
    return conversation


async def begun(request: HttpRequest) -> tuple[Conversation, str]:
    """The chat that a first message begins, and its system message. Raises InvalidInput."""
    user = await aperson(request)
    preset = (await checked(PresetChoiceForm(user, request.POST)))["preset"]
    form = SettingsForm(request.POST)
    system_text: str = (await checked(form))["system_message"]
    conversation = begun_with(user, preset)
    form.apply(conversation)
    return conversation, system_text


def chat_to_be(request: HttpRequest) -> Conversation:
    """The same as far as its settings are valid, to be looked at."""
    user = person(request)
    choice, form = PresetChoiceForm(user, request.POST), SettingsForm(request.POST)
    conversation = begun_with(user, choice.cleaned_data["preset"] if choice.is_valid() else None)
    if form.is_valid():
        form.apply(conversation)
        text = form.cleaned_data["system_message"]
        conversation.system_message = presets.system_message_to_be(conversation, text)
    return conversation
