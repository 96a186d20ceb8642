"""Two versions of a turn, side by side."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations import transcript
from conversations.forms import CompareForm

from .shell import own_conversation


@require_GET
def compare(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation = own_conversation(request, conversation_id)
    # `with` reads well in an address and is a word of Python's.
    form = CompareForm({"one": request.GET.get("one"), "other": request.GET.get("with")})
    if not form.is_valid():
        raise Http404
    one = form.cleaned_data["one"] or message_id
    comparison = transcript.compare(conversation, one, form.cleaned_data["other"])
    if comparison is None:
        raise Http404
    context = {"conversation": conversation, "comparison": comparison, "message_id": message_id}
    return render(request, "conversations/compare.html", context)
