"""How a conversation's next message is answered."""

import uuid
from dataclasses import dataclass

from django.conf import settings as site
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from conversations import accounting, threads
from conversations.forms import SettingsForm
from conversations.models import ModelPrice
from conversations.turns import limits_of

from .shell import own_conversation


@dataclass(frozen=True)
class Offer:
    model: str
    label: str


def models_offered() -> list[Offer]:
    """Models that take chat completions, with what they cost; any other name may be typed."""
    if site.DEMO_MODE:
        return [Offer(site.DEMO_MODEL, "answers from this site's own demo")]
    today = timezone.localdate()
    newest = {price.model: price for price in ModelPrice.objects.on(today)}
    offers = [Offer(price.model, _label(price)) for price in newest.values() if _is_offered(price)]
    if site.DEFAULT_MODEL not in newest:
        offers.insert(0, Offer(site.DEFAULT_MODEL, "cost unknown"))
    return offers


def _is_offered(price: ModelPrice) -> bool:
    withdrawn = price.withdrawn_on and price.withdrawn_on <= timezone.localdate()
    return price.takes_chat_completions and not withdrawn and price.model != site.DEMO_MODEL


def _label(price: ModelPrice) -> str:
    window = limits_of(price, None).window
    return (
        f"${price.input.normalize():f} in, ${price.output.normalize():f} out per 1M tokens"
        f" · {round(window / 1000):,}k window"
    )


@require_POST
def settings(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversation = own_conversation(request, conversation_id)
    form = SettingsForm(request.POST)
    is_saved = form.is_valid()
    if is_saved:
        with transaction.atomic():
            form.apply(conversation)
            conversation.save(update_fields=["model", "temperature", "top_p", "max_tokens"])
            threads.set_system_message(conversation, form.cleaned_data["system_message"])
    price = accounting.price_of(conversation.model)
    context = {
        "conversation": conversation,
        "form": form,
        "models": models_offered(),
        "default_max_tokens": limits_of(price, None).max_tokens,
        "is_new": False,
        "saved": is_saved,
    }
    status = 200 if is_saved else 422
    return render(request, "conversations/_settings.html", context, status=status)
