"""What the next message will take, while it is being typed."""

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations import presets, threads
from conversations.errors import OverBudget
from conversations.forms import MessageField
from conversations.models import Conversation
from conversations.turns import Draft, make_draft, refusal_of

from .beginnings import chat_to_be
from .meters import meter_of
from .shell import own_conversation, person

# Shares of the room for a prompt from which on the gauge is amber, and red.
FILLING, NEARLY_FULL = 0.8, 0.95


@dataclass(frozen=True)
class Estimate:
    """Tokens to send and USD; a cost of None is unknown. `room` is what a prompt may take of the
    window, `ends_at` the newest message that will not be sent. `fits` is how many tokens an answer
    may have where nothing but a budget stands in the way; nothing at all does not fit where
    `is_blocked`.
    """

    tokens: int
    window: int
    room: int
    input_cost: Decimal | None = None
    answer_cost: Decimal | None = None
    left_out: int = 0
    ends_at: uuid.UUID | None = None
    is_summary_due: bool = False
    problem: str = ""
    fits: int | None = None
    is_blocked: bool = False

    @classmethod
    def of(cls, draft: Draft, user_id: int) -> "Estimate":
        over = None if draft.problem else refusal_of(draft, user_id)
        fits = over.fits if isinstance(over, OverBudget) else None
        return cls(
            tokens=draft.context.tokens,
            window=draft.limits.window,
            room=max(draft.limits.prompt, 0),
            input_cost=draft.input_cost,
            answer_cost=draft.answer_cost,
            left_out=0 if draft.problem else draft.context.left_out,
            ends_at=draft.context.ends_at,
            is_summary_due=draft.is_summary_due,
            problem=str(draft.problem or over or ""),
            fits=fits,
            is_blocked=over is not None and fits is None,
        )

    @property
    def amber(self) -> int:
        """Tokens from which on the window counts as filling."""
        return int(self.room * FILLING)

    @property
    def red(self) -> int:
        """Tokens from which on it counts as nearly full."""
        return int(self.room * NEARLY_FULL)


def estimate_of(conversation: Conversation, text: str) -> Estimate:
    found = Estimate.of(draft_of(conversation, text), conversation.owner_id)
    # There is nothing yet that could be sent with a limit.
    return found if text.strip() else replace(found, fits=None)


def draft_of(conversation: Conversation, text: str) -> Draft:
    """What would be sent if this text were: at the end of the thread, or as its beginning."""
    if conversation._state.adding:
        return make_draft(conversation, presets.examples_of(conversation), text)
    path = threads.path_to(conversation, conversation.current_leaf_id)
    return make_draft(conversation, path, text)


def text_of(request: HttpRequest) -> str:
    text: str = MessageField(required=False).clean(request.POST.get("text", ""))
    return text


@require_POST
def estimate(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _answer(request, own_conversation(request, conversation_id))


@require_POST
def estimate_new(request: HttpRequest) -> HttpResponse:
    return _answer(request, chat_to_be(request))


def _answer(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    context = {
        "estimate": estimate_of(conversation, text_of(request)),
        "conversation": conversation,
        "is_new": conversation._state.adding,
        "is_moved": True,
        "meter": meter_of(person(request)),
    }
    return render(request, "conversations/_estimate.html", context)
