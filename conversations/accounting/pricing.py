"""What a call costs: token counts times the dated price of the model, exactly."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

from django.utils import timezone

from conversations.models import Completion, ModelPrice, round_usd
from conversations.tokens import Usage

MILLION = 1_000_000
# USD of one call; what would make more is a price or a usage that cannot be true, and its cost is
# not known. The totals of a site hold nine million.
MOST_OF_A_CALL = Decimal(10_000)
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
    return price_on(model, timezone.localdate())


def price_on(model: str, day: date) -> ModelPrice | None:
    """The price row that held on a day of the site's calendar."""
    return ModelPrice.objects.for_model(model, day)


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


def usage_of(call: Completion) -> Usage:
    """What its row in the ledger says that it took."""
    return Usage(
        call.prompt_tokens,
        call.completion_tokens,
        cached=call.cached_tokens,
        cache_write=call.cache_write_tokens,
        reasoning=call.reasoning_tokens,
    )


def input_cost(price: ModelPrice, prompt_tokens: int) -> Decimal:
    """What a prompt costs, nothing of it read from or written to the provider's cache."""
    return cost(Usage(prompt_tokens, 0), rates(price, prompt_tokens))


def answer_cost(price: ModelPrice, prompt_tokens: int, max_tokens: int) -> Decimal:
    """The most that the answer to a prompt of this size adds."""
    whole = cost(Usage(prompt_tokens, max_tokens), rates(price, prompt_tokens))
    return whole - input_cost(price, prompt_tokens)


def worst_case(price: ModelPrice, prompt_tokens: int, max_tokens: int) -> Decimal:
    """The most that a call may cost by the estimate: all of the prompt at its dearest, read from
    the provider's cache or written to it, and the answer at its limit.
    """
    at = rates(price, prompt_tokens)
    dearest = max(at.input, at.cached_input, at.cache_write)
    at = Rates(dearest, dearest, dearest, at.output)
    return cost(Usage(prompt_tokens, max_tokens), at)


def most_completion_tokens(price: ModelPrice, prompt_tokens: int, usd: Decimal) -> int | None:
    """The longest answer with which the worst case of a call costs at most this much.

    None where the prompt alone costs more, and where a longer answer costs nothing more.
    """
    per_token = Fraction(rates(price, prompt_tokens).output) / MILLION
    room = Fraction(usd) - Fraction(worst_case(price, prompt_tokens, 0))
    if room < 0 or not per_token:
        return None
    most = int(room / per_token)
    # A cost is rounded at its last digit, which may tip the scale.
    return most if worst_case(price, prompt_tokens, most) <= usd else most - 1


def _usd(exact: Fraction) -> Decimal:
    with localcontext(prec=80):
        return round_usd(Decimal(exact.numerator) / Decimal(exact.denominator))
