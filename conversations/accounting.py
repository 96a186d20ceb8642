"""What a call costs: token counts times the dated price of the model, exactly."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from django.utils import timezone

from conversations.models import ModelPrice, round_usd
from conversations.tokens import Usage

MILLION = 1_000_000
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Rates:
    """Prices that hold for one call, in USD per million tokens."""

    input: Decimal
    cached_input: Decimal
    cache_write: Decimal
    output: Decimal


def price_of(model: str) -> ModelPrice | None:
    """Today's price row of a model; None is "cost unknown", never free."""
    return price_on(model, timezone.now())


def price_on(model: str, moment: datetime) -> ModelPrice | None:
    """The price row that held at a moment, by the site's calendar."""
    return ModelPrice.objects.for_model(model, timezone.localdate(moment))


def rates(price: ModelPrice, prompt_tokens: int) -> Rates:
    """The rates of a prompt of this size.

    Past the row's threshold its dearer prices hold for the whole call. The table gives none for
    cached input there, so cached input and cache writes rise in the proportion that input does.
    """
    cached = price.input if price.cached_input is None else price.cached_input
    write = price.input if price.cache_write is None else price.cache_write
    if price.threshold is None or prompt_tokens <= price.threshold:
        return Rates(price.input, cached, write, price.output)
    above = price.input if price.input_above is None else price.input_above
    output = price.output if price.output_above is None else price.output_above
    if not price.input:
        return Rates(above, above, above, output)
    rise = Fraction(above) / Fraction(price.input)
    return Rates(above, _usd(Fraction(cached) * rise), _usd(Fraction(write) * rise), output)


def cost(usage: Usage, at: Rates) -> Decimal:
    """USD of one call, rounded half to even at the last stored digit."""
    cached = min(usage.cached, usage.prompt)
    write = min(usage.cache_write, usage.prompt - cached)
    fresh = usage.prompt - cached - write
    total = (
        fresh * Fraction(at.input)
        + cached * Fraction(at.cached_input)
        + write * Fraction(at.cache_write)
        + usage.completion * Fraction(at.output)
    )
    return _usd(total / MILLION)


def input_cost(price: ModelPrice, prompt_tokens: int) -> Decimal:
    """What a prompt costs, nothing of it read from or written to the provider's cache."""
    return cost(Usage(prompt_tokens, 0), rates(price, prompt_tokens))


def answer_cost(price: ModelPrice, prompt_tokens: int, max_tokens: int) -> Decimal:
    """The most that the answer to a prompt of this size adds."""
    whole = cost(Usage(prompt_tokens, max_tokens), rates(price, prompt_tokens))
    return whole - input_cost(price, prompt_tokens)


def worst_case(price: ModelPrice, prompt_tokens: int, max_tokens: int) -> Decimal:
    """The most that a call may cost by the estimate: nothing read from the provider's cache, all
    written to it where that is dearer, the answer at its limit.
    """
    at = rates(price, prompt_tokens)
    written = prompt_tokens if at.cache_write > at.input else 0
    return cost(Usage(prompt_tokens, max_tokens, cache_write=written), at)


def _usd(exact: Fraction) -> Decimal:
    with localcontext(prec=80):
        return round_usd(Decimal(exact.numerator) / Decimal(exact.denominator))
