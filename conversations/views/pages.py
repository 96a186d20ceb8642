"""Whole pages, and the log of one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations import accounting, transcript
from conversations.forms import SettingsForm
from conversations.models import Conversation
from conversations.turns import limits_of

from .estimates import estimate_of
from .settings import models_offered
from .shell import blank_conversation, own_conversation, person
from .sidebar import sidebar_of


@require_GET
def new_chat(request: HttpRequest) -> HttpResponse:
    return _page(request, blank_conversation(person(request)), is_new=True)


@require_GET
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _page(request, own_conversation(request, conversation_id), is_new=False)


def _page(request: HttpRequest, conversation: Conversation, *, is_new: bool) -> HttpResponse:
    exchanges = [] if is_new else transcript.exchanges_of(conversation)
    running = (turn.message for exchange in exchanges for turn in exchange.turns)
    price = accounting.price_of(conversation.model)
    return render(
        request,
        "conversations/chat.html",
        {
            "conversation": conversation,
            "is_new": is_new,
            "exchanges": exchanges,
            "running_answer": next((each.pk for each in running if each.is_running), None),
            "form": SettingsForm.of(conversation),
            "models": models_offered(),
            "default_max_tokens": limits_of(price, None).max_tokens,
            "sidebar": sidebar_of(person(request), "", 1),
            "estimate": estimate_of(conversation, ""),
        },
    )


@require_GET
def log(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """The exchanges alone, for a page whose thread has moved."""
    return render_log(request, own_conversation(request, conversation_id))


def render_log(request: HttpRequest, conversation: Conversation, status: int = 200) -> HttpResponse:
    context = {"conversation": conversation, "exchanges": transcript.exchanges_of(conversation)}
    return render(request, "conversations/_exchanges.html", context, status=status)
