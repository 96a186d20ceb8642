"""Calls as the runner leaves them: booked, and moved into their conversation's totals."""

from decimal import Decimal

from django.utils import timezone

from conversations import accounting
from conversations.models import Completion, Conversation, Message, Role, round_usd
from conversations.rendering import RENDERER_VERSION
from tests.people import make_conversation, say


def book(message: Message | None, conversation: Conversation | None = None, **fields) -> Completion:
    """A call that has ended, for an answer or for a conversation alone."""
    conversation = conversation or (message.conversation if message else None)
    call = Completion.objects.create(
        **{
            "message": message,
            "conversation": conversation,
            "user": conversation.owner if conversation else None,
            "model": "gpt-4o-mini",
            "ended_at": timezone.now(),
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "is_estimated": False,
            "cost": Decimal("0.001"),
            "finish_reason": "stop",
            **fields,
        }
    )
    if call.ended_at:
        charge(call)
        accounting.book(call)
    if conversation:
        conversation.refresh_from_db()
    return call


def charge(call: Completion) -> None:
    """Tokens and prices that make its cost, as every cost in the ledger is made."""
    if call.price_input is not None:
        return
    if not call.total_tokens and call.cost != 0:
        call.completion_tokens = 1
    if call.cost is not None and call.total_tokens:
        rate = round_usd(Decimal(call.cost) * 1_000_000 / call.total_tokens)
        call.price_input = call.price_cached_input = rate
        call.price_cache_write = call.price_output = rate
    call.save()


def ask(conversation: Conversation, question="How long?", answer="Three minutes.", **call):
    """A question, its answer and the call between them."""
    say(conversation, Role.USER, question)
    html = {"html": f"<p>{answer}</p>", "html_version": RENDERER_VERSION}
    return book(say(conversation, Role.ASSISTANT, answer, model="gpt-4o-mini", **html), **call)


def make_talk(owner, question="How long?", call=None, **conversation) -> Conversation:
    """A conversation of one exchange."""
    made = make_conversation(owner, **conversation)
    ask(made, question, **(call or {}))
    return made
