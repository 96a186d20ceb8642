"""The models that a person may choose from; any other name may be typed."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from conversations import upstream
from conversations.models import ModelPrice
from conversations.turns import limits_of

UNKNOWN = "cost unknown"
UNLISTED = "not in the provider's list"


@dataclass(frozen=True)
class Offer:
    """`ignored` are the settings that the model does not take."""

    model: str
    label: str
    ignored: str = ""


def models_offered(listed: Collection[str] = (), chosen: str = "") -> list[Offer]:
    """The price table's models that answer chats, then those that only the provider lists; of
    those that were withdrawn only the one that is chosen already.
    """
    if settings.DEMO_MODE:
        return [Offer(settings.DEMO_MODEL, "answers from this site's own demo")]
    prices = {price.model: price for price in ModelPrice.objects.on(timezone.localdate())}
    offers = [
        _offer(price, listed)
        for price in prices.values()
        if _answers_chats(price) and (price.model == chosen or not _is_withdrawn(price))
    ]
    if settings.DEFAULT_MODEL not in prices:
        offers.insert(0, Offer(settings.DEFAULT_MODEL, UNKNOWN))
    there = {settings.DEFAULT_MODEL, *prices}
    return offers + [Offer(name, UNKNOWN) for name in listed if name not in there]


def _answers_chats(price: ModelPrice) -> bool:
    return price.takes_chat_completions and price.model != settings.DEMO_MODEL


def _is_withdrawn(price: ModelPrice) -> bool:
    return price.withdrawn_on is not None and price.withdrawn_on <= timezone.localdate()


def _offer(price: ModelPrice, listed: Collection[str]) -> Offer:
    words = (
        f"{_usd(price.input)} in, {_usd(price.output)} out per 1M tokens"
        f" · {round(limits_of(price, None).window / 1000):,}k window"
    )
    if _is_withdrawn(price):
        words = f"{words} · withdrawn on {price.withdrawn_on:%-d %B %Y}"
    elif listed and price.model not in listed:
        words = f"{words} · {UNLISTED}"
    return Offer(price.model, words, " ".join(sorted(upstream.ignored(price.is_reasoning))))


def _usd(amount: Decimal) -> str:
    """Cents, and more digits only where there are any."""
    exact = amount.normalize()
    cents = amount.quantize(Decimal("0.01"))
    return f"${cents if cents == exact else exact:f}"


@require_GET
async def models(request: HttpRequest) -> HttpResponse:
    """With what the provider lists, for which a page does not wait."""
    listed = () if settings.DEMO_MODE else await upstream.offered_models()
    offers = await sync_to_async(models_offered)(listed, request.GET.get("model", ""))
    return await sync_to_async(render)(request, "conversations/_models.html", {"models": offers})
