"""What the next message will take, while it is being typed."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations import threads
from conversations.errors import DoesNotFit
from conversations.forms import MessageField, SettingsForm
from conversations.models import Conversation, Message, Origin, Role
from conversations.turns import make_draft

from .shell import blank_conversation, own_conversation, person


@dataclass(frozen=True)
class Estimate:
    """Tokens to send and USD; a cost of None is unknown."""

    tokens: int = 0
    input_cost: Decimal | None = None
    answer_cost: Decimal | None = None
    left_out: int = 0
    window: int = 0
    problem: str = ""


def estimate_of(conversation: Conversation, text: str) -> Estimate:
    path = []
    if not conversation._state.adding:
        path = threads.path_to(conversation, conversation.current_leaf_id)
    try:
        draft = make_draft(conversation, path, text)
    except DoesNotFit as error:
        return Estimate(problem=str(error))
    return Estimate(
        tokens=draft.context.tokens,
        input_cost=draft.input_cost,
        answer_cost=draft.answer_cost,
        left_out=draft.context.left_out,
        window=draft.limits.window,
    )


@require_POST
def estimate(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _answer(request, own_conversation(request, conversation_id))


@require_POST
def estimate_new(request: HttpRequest) -> HttpResponse:
    conversation = blank_conversation(person(request))
    form = SettingsForm(request.POST)
    if form.is_valid():
        form.apply(conversation)
        if system := form.cleaned_data["system_message"]:
            conversation.system_message = Message(
                role=Role.SYSTEM, origin=Origin.TYPED, text=system
            )
    return _answer(request, conversation)


def _answer(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    text = MessageField(required=False).clean(request.POST.get("text", ""))
    context = {"estimate": estimate_of(conversation, text), "conversation": conversation}
    return render(request, "conversations/_estimate.html", context)
