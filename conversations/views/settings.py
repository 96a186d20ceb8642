"""How a conversation's next message is answered."""

import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
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
    found = await aown_conversation(await aperson(request), conversation_id)
    conversation, form = await sync_to_async(_save)(found, request.POST)
    await turns.prepare(conversation)
    return await sync_to_async(_answer)(request, conversation, form, 422 if form.errors else 200)


def _save(conversation: Conversation, changes: QueryDict) -> tuple[Conversation, SettingsForm]:
    """All that is right; what is wrong keeps nothing else from being saved."""
    with transaction.atomic():
        # Locked, for another page may save something else at this moment.
        there = Conversation.objects.select_for_update(no_key=True).filter(erased_at=None)
        held = get_object_or_404(there, pk=conversation.pk)
        form = SettingsForm.changing(held, changes)
        form.full_clean()
        form.apply(held)
        held.save(update_fields=list(held.parameters()))
        if "system_message" in form.cleaned_data:
            threads.set_system_message(held, form.cleaned_data["system_message"])
    return held, form


def _answer(
    request: HttpRequest, conversation: Conversation, form: SettingsForm, status: int
) -> HttpResponse:
    context = drawer_of(conversation, form) | {"is_new": False}
    return render(request, "conversations/_settings.html", context, status=status)
