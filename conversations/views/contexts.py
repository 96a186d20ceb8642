"""What the model saw, and what it would see now."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from conversations.forms import CallForm
from conversations.models import Conversation
from conversations.seen import seen_call, seen_draft, seen_of

from .beginnings import chat_to_be
from .estimates import Estimate, draft_of, text_of
from .shell import own_conversation


@require_GET
def context(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation = own_conversation(request, conversation_id)
    message = get_object_or_404(conversation.messages, pk=message_id)
    form = CallForm(request.GET)
    found = seen_of(message, form.cleaned_data["call"]) if form.is_valid() else None
    if found is None and request.GET.get("call"):
        raise Http404
    return render(request, "conversations/_seen.html", {"shown": found, "message": message})


@require_GET
def call(request: HttpRequest, conversation_id: uuid.UUID, call_id: int) -> HttpResponse:
    """A call that was made for no message, as for a summary; or any other one by its number."""
    conversation = own_conversation(request, conversation_id)
    row = get_object_or_404(conversation.completions, pk=call_id)
    return render(request, "conversations/_seen.html", {"shown": seen_call(row)})


@require_POST
def preview(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _preview(request, own_conversation(request, conversation_id))


@require_POST
def preview_new(request: HttpRequest) -> HttpResponse:
    return _preview(request, chat_to_be(request))


def _preview(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    draft = draft_of(conversation, text_of(request))
    context = {
        "conversation": conversation,
        "estimate": Estimate.of(draft, conversation.owner_id),
        "seen": seen_draft(draft, conversation.owner_id),
    }
    return render(request, "conversations/_preview.html", context)
