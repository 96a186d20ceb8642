"""Whether a draft may be paid for: asked before it is sent, and held back when it is."""

from dataclasses import replace

from conversations import accounting
from conversations.accounting import Account
from conversations.errors import CostUnknown, OverBudget
from conversations.models import Message

from .draft import Draft

# Tokens; an answer with less room is not worth sending for.
SMALLEST_ANSWER = 50


def refusal_of(draft: Draft, user_id: int) -> OverBudget | CostUnknown | None:
    """What the door would say of this draft now; None where it may be paid for."""
    try:
        accounting.check(accounting.account_of(user_id), draft.worst_case)
    except CostUnknown as unknown:
        return unknown
    except OverBudget as over:
        return offering(over, draft)
    return None


def hold(draft: Draft, answer: Message) -> None:
    """Hold back what its call may cost. Raises OverBudget, with what would fit, or CostUnknown."""
    try:
        accounting.hold(accounting.account_of(answer.owner_id), draft.worst_case, answer)
    except OverBudget as over:
        raise offering(over, draft) from None


def funded(draft: Draft, answer: Message) -> tuple[Draft, Account]:
    """At the call: what was held back at the door, moved where the draft or the day is another.

    A draft that may not be paid for any more carries that as its problem.
    """
    if draft.problem is None:
        try:
            hold(draft, answer)
        except (OverBudget, CostUnknown) as refusal:
            draft = replace(draft, problem=refusal)
    return draft, accounting.account_of(answer.owner_id)


def offering(over: OverBudget, draft: Draft) -> OverBudget:
    """With the limit for the answer at which it fits; where there is none, with when it will."""
    if draft.price is None:
        return over
    most = accounting.most_completion_tokens(draft.price, draft.context.tokens, over.left)
    if most is not None and SMALLEST_ANSWER <= most < draft.limits.max_tokens:
        return OverBudget(over.detail, left=over.left, resets=over.resets, fits=most)
    words = " ".join(filter(None, (over.detail, over.resets)))
    return OverBudget(words, left=over.left)
