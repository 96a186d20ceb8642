"""The request of a turn, and what it will take: one piece of code for preview and call."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from conversations import accounting, json_mode, threads
from conversations.context import Context, Material, build, strategy_named
from conversations.context.strategies import summary
from conversations.errors import DoesNotFit, InvalidInput, JsonNotMentioned, Refusal, TooLong
from conversations.models import (
    Conversation,
    Message,
    ModelPrice,
    Origin,
    ResponseFormat,
    Standing,
)
from conversations.upstream import Request

from .limits import Limits, limits_of, narrowed
from .material import Ask, gather

# What this app says to a model in its own words; the drawer shows it like everything else.
CONTINUE = "Continue exactly where your last message stopped. Repeat nothing of it."
FRESH_START = (
    "Summarise our conversation so far, so that a new one can go on from here: what was asked,"
    " found and decided, and what is still open, with every name, number and fact that matters."
    " Write only the summary."
)
# What the first message of a fresh start begins with, before the model has written a word.
FRESH_OPENING = f"{summary.OPENING}\n\n"


@dataclass(frozen=True)
class Draft:
    """`problem` is why it may not be sent; the context is there all the same, to be looked at.
    `is_summary_due` says that a summary will be written first.
    """

    request: Request
    context: Context
    limits: Limits
    price: ModelPrice | None
    problem: Refusal | None = None
    is_summary_due: bool = False

    def checked(self) -> Self:
        """Raises the Refusal that stands against it."""
        if self.problem:
            raise self.problem
        return self

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
        # What turned out to be more by the provider's own counting is taken as that.
        tokens = math.ceil(self.context.tokens * self.limits.scale)
        most = accounting.worst_case(self.price, tokens, self.limits.max_tokens)
        return min(most, accounting.MOST_OF_A_CALL)


def make_draft(
    conversation: Conversation, path: Sequence[Message], text: str | None = None
) -> Draft:
    """The request that would follow this path, with a message still being typed as its last."""
    return draft_of(Ask(conversation, conversation, path, text))


def ask_of(answer: Message) -> Ask:
    """What an answer that is to be written, or to be continued, asks of its model.

    Raises InvalidInput for a summary of a chat that is not there any more.
    """
    conversation = answer.conversation
    if is_fresh_start(answer):
        source = conversation.started_from
        if source is None or source.deleted_at:
            raise InvalidInput("The chat that this one began from was deleted.")
        return Ask(
            conversation,
            source,
            threads.path_to(source, source.current_leaf_id),
            closing=FRESH_START,
            model=answer.model,
            strategy=summary.STRATEGY.name,
            response_format=ResponseFormat.TEXT,
            max_tokens=answer.max_tokens,
        )
    path = threads.path_to(conversation, answer.parent_id)
    ask = Ask(
        conversation,
        conversation,
        path,
        model=answer.model,
        response_format=answer.response_format,
        max_tokens=answer.max_tokens,
    )
    return replace(ask, path=[*path, answer], closing=CONTINUE) if answer.text else ask


def is_fresh_start(answer: Message) -> bool:
    """The summary with which a conversation begins that came out of another one."""
    return answer.origin == Origin.SUMMARY and answer.copied_from_id is None


def draft_of(ask: Ask, limits: Limits | None = None) -> Draft:
    """`limits` are those of the model, unless its provider has told better ones."""
    price = accounting.price_of(ask.model_asked)
    limits = limits or narrowed(limits_of(price, ask.conversation.max_tokens), ask.max_tokens)
    material = gather(ask, limits)
    context = build(ask.strategy_asked, material)
    return Draft(
        _request(ask, context, limits, price),
        context,
        limits,
        price,
        _problem(ask, context, limits),
        is_summary_due=_is_summary_due(ask, material),
    )


def _request(ask: Ask, context: Context, limits: Limits, price: ModelPrice | None) -> Request:
    conversation = ask.conversation
    return Request(
        model=ask.model_asked,
        messages=context.messages,
        max_tokens=limits.max_tokens,
        temperature=conversation.temperature,
        top_p=conversation.top_p,
        stop=tuple(conversation.stop),
        seed=conversation.seed,
        response_format=json_mode.response_format(_format(ask), conversation.json_schema),
        is_reasoning=bool(price and price.is_reasoning),
    )


def _format(ask: Ask) -> str:
    return ask.response_format or ask.conversation.response_format


def _is_summary_due(ask: Ask, material: Material) -> bool:
    strategy = strategy_named(ask.strategy_asked)
    return strategy is summary.STRATEGY and summary.wanted(material) is not None


def _problem(ask: Ask, context: Context, limits: Limits) -> Refusal | None:
    if limits.prompt <= 0:
        return DoesNotFit(
            f"Max tokens ({limits.max_tokens:,}) leaves no room for a message in the model's"
            f" window of {limits.window:,} tokens."
        )
    if context.over:
        over = f"{context.over:,} tokens over the model's limit"
        if strategy_named(context.strategy).bends:
            return DoesNotFit(f"{over}. Shorten it, or change model.")
        return TooLong(
            f"{over}, and this chat leaves nothing out. Choose another strategy or a larger model,"
            " or make a fresh start from a summary."
        )
    needed = [ask.answered, ask.path[-1] if ask.closing == CONTINUE else None]
    if any(each.is_deleted or each.standing == Standing.EXCLUDED for each in needed if each):
        return InvalidInput("The message to answer is not in the context. Bring it back first.")
    texts = (message["content"] for message in context.messages)
    if _format(ask) != ResponseFormat.TEXT and not json_mode.mentions_json(texts):
        return JsonNotMentioned()
    return None
