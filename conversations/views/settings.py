"""How a conversation's next message is answered."""

import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations import accounting, threads, turns
from conversations.forms import SettingsForm
from conversations.models import Conversation
from conversations.turns import limits_of

from .offers import models_offered
from .shell import aown_conversation, aperson


def drawer_of(conversation: Conversation, form: SettingsForm) -> dict[str, Any]:
    """What the settings of a chat are shown with."""
    price = accounting.price_of(conversation.model)
    return {
        "conversation": conversation,
        "form": form,
        "models": models_offered(chosen=conversation.model),
        "default_max_tokens": limits_of(price, None).max_tokens,
    }


@require_POST
async def settings(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """A page sends what was changed in it, so that two pages take nothing from each other."""
    conversation = await aown_conversation(await aperson(request), conversation_id)
    form = SettingsForm.changing(conversation, request.POST)
    is_right = await sync_to_async(_save)(conversation, form)
    await turns.prepare(conversation)
    return await sync_to_async(_answer)(request, conversation, form, 200 if is_right else 422)


def _save(conversation: Conversation, form: SettingsForm) -> bool:
    """All that is right; what is wrong keeps nothing else from being saved."""
    is_right = form.is_valid()
    with transaction.atomic():
        form.apply(conversation)
        conversation.save(update_fields=list(conversation.parameters()))
        if "system_message" in form.cleaned_data:
            threads.set_system_message(conversation, form.cleaned_data["system_message"])
    return is_right


def _answer(
    request: HttpRequest, conversation: Conversation, form: SettingsForm, status: int
) -> HttpResponse:
    context = drawer_of(conversation, form) | {"is_new": False}
    return render(request, "conversations/_settings.html", context, status=status)
