"""The request of a turn, and what it will take: one piece of code for preview and call."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from conversations import accounting
from conversations.context import Context, Piece, fit
from conversations.errors import DoesNotFit
from conversations.models import Conversation, Message, ModelPrice
from conversations.threads import token_count
from conversations.tokens import count, encoding_name
from conversations.upstream import Request


@dataclass(frozen=True)
class Limits:
    """What a model takes, in tokens."""

    window: int
    max_input: int
    max_tokens: int

    @property
    def prompt(self) -> int:
        """Room for the prompt once the answer's is reserved."""
        return min(self.max_input, self.window - self.max_tokens)


@dataclass(frozen=True)
class Draft:
    request: Request
    context: Context
    limits: Limits
    price: ModelPrice | None

    @property
    def input_cost(self) -> Decimal | None:
        """USD of the prompt; None where the price is not known."""
        if self.price is None:
            return None
        return accounting.input_cost(self.price, self.context.tokens)

    @property
    def answer_cost(self) -> Decimal | None:
        """USD that the answer adds at most; None where the price is not known."""
        if self.price is None:
            return None
        return accounting.answer_cost(self.price, self.context.tokens, self.limits.max_tokens)

    @property
    def worst_case(self) -> Decimal | None:
        """USD that the call costs at most by the estimate; None where the price is not known."""
        if self.price is None:
            return None
        return accounting.worst_case(self.price, self.context.tokens, self.limits.max_tokens)


def limits_of(price: ModelPrice | None, max_tokens: int | None) -> Limits:
    """The limits of a model; where its row leaves a figure open, the careful reading holds."""
    window = settings.DEFAULT_CONTEXT_WINDOW
    max_input = max_output = None
    if price:
        window = price.context_window or price.max_input or window
        max_input, max_output = price.max_input, price.max_output
    wanted = max_tokens or min(settings.DEFAULT_MAX_TOKENS, window // 4)
    return Limits(window, max_input or window, min(wanted, max_output or wanted))


def make_draft(
    conversation: Conversation, path: Sequence[Message], text: str | None = None
) -> Draft:
    """The request that would follow this path, with a message still being typed as its last.

    Raises DoesNotFit.
    """
    encoding = encoding_name(conversation.model)
    price = accounting.price_of(conversation.model)
    limits = limits_of(price, conversation.max_tokens)
    if limits.prompt <= 0:
        raise DoesNotFit(
            f"Max tokens ({limits.max_tokens:,}) leaves no room for a message in the model's"
            f" window of {limits.window:,} tokens."
        )
    pieces = [_piece(message, encoding) for message in path]
    if text is not None:
        pieces.append(Piece(None, "user", text, count(text, encoding)))
    system = conversation.system_message
    context = fit(_piece(system, encoding) if system else None, pieces, limits.prompt)
    request = Request(
        model=conversation.model,
        messages=context.messages,
        max_tokens=limits.max_tokens,
        temperature=conversation.temperature,
        top_p=conversation.top_p,
        is_reasoning=bool(price and price.is_reasoning),
    )
    return Draft(request, context, limits, price)


def _piece(message: Message, encoding: str) -> Piece:
    return Piece(message.pk, message.role, message.text, token_count(message, encoding))
