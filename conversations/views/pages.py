"""Whole pages, and the log of one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations import presets, transcript
from conversations.forms import SavePresetForm, SettingsForm
from conversations.models import Conversation, Preset

from .beginnings import begun_with, chosen
from .estimates import estimate_of
from .meters import meter_of
from .presets import own_presets
from .settings import drawer_of
from .shell import own_conversation, person
from .sidebar import sidebar_of


@require_GET
def new_chat(request: HttpRequest) -> HttpResponse:
    """Empty, or as a preset begins it."""
    preset = chosen(person(request), request.GET)
    conversation = begun_with(person(request), preset)
    text = preset.system_message if preset else ""
    conversation.system_message = presets.system_message_to_be(conversation, text)
    return _page(request, conversation, is_new=True)


@require_GET
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _page(request, own_conversation(request, conversation_id), is_new=False)


def _page(request: HttpRequest, conversation: Conversation, *, is_new: bool) -> HttpResponse:
    exchanges = [] if is_new else transcript.exchanges_of(conversation)
    running = (turn.message for exchange in exchanges for turn in exchange.turns)
    offered = Preset.objects.for_person(person(request))
    return render(
        request,
        "conversations/chat.html",
        {
            **drawer_of(conversation, SettingsForm.of(conversation)),
            "is_new": is_new,
            "exchanges": exchanges,
            "presets": offered if is_new else (),
            "examples": presets.examples_of(conversation) if is_new else (),
            "own_presets": own_presets(person(request)),
            "preset_form": SavePresetForm(person(request)),
            "origin": _origin(request, conversation),
            "running_answer": next((each.pk for each in running if each.is_running), None),
            "sidebar": sidebar_of(person(request), "", 1),
            "estimate": estimate_of(conversation, ""),
            "meter": meter_of(person(request)),
        },
    )


def _origin(request: HttpRequest, conversation: Conversation) -> Conversation | None:
    """The chat that this one came out of, where it can still be gone to."""
    if conversation.started_from_id is None:
        return None
    mine = Conversation.objects.owned_by(person(request))
    return mine.filter(pk=conversation.started_from_id).first()


@require_GET
def log(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """The exchanges alone, for a page whose thread has moved."""
    return render_log(request, own_conversation(request, conversation_id))


def render_log(request: HttpRequest, conversation: Conversation, status: int = 200) -> HttpResponse:
    context = {"conversation": conversation, "exchanges": transcript.exchanges_of(conversation)}
    response = render(request, "conversations/_exchanges.html", context, status=status)
    # Read before the exchanges were: what the page may have more than that, it is told again.
    response["Chat-Changes"] = str(conversation.changes)
    return response
