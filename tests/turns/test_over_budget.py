"""No room in a budget: refused at the door, with what would fit, whatever way it is asked."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from conversations import turns
from conversations.errors import CostUnknown, OverBudget
from conversations.models import (
    Message,
    Reservation,
    Role,
    Status,
)
from conversations.transcript import notice_of
from conversations.turns import Wish
from tests.people import make_conversation, say
from tests.turns.money import MODEL, budget, held, worst_case
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, answer, error_response


@pytest.fixture(autouse=True)
def priced(prices):
    """So that it is known what a call may cost."""


async def test_what_does_not_fit_is_refused_with_what_would(conversation, upstream):
    await budget(conversation, "0.001")

    with pytest.raises(OverBudget) as refused:
        await send(conversation)

    prompt = 9  # "Hello?" with its overhead
    assert str(refused.value).startswith("This could cost $0.0025; $0.0010 of this month's")
    assert refused.value.fits == (Decimal("0.001") - worst_case(prompt, 0)) // Decimal("0.0000006")
    assert not await Message.objects.aexists()
    assert not await Reservation.objects.aexists()
    assert upstream.requests == []


async def test_what_fits_is_sent_with_that_limit_for_this_once(conversation, upstream):
    await budget(conversation, "0.001")
    with pytest.raises(OverBudget) as refused:
        await send(conversation)
    upstream.play(*answer("Yes."))

    wish = Wish("Hello?", uuid.uuid4(), None, max_tokens=refused.value.fits)
    found = await ended((await turns.send(conversation.owner, conversation, wish)).answer)

    assert found.status == Status.COMPLETE
    [sent] = upstream.requests
    assert sent.body["max_tokens"] == refused.value.fits
    await conversation.arefresh_from_db()
    assert conversation.max_tokens is None


async def test_a_shorter_answer_makes_no_room_for_a_longer_prompt(conversation):
    whole = await sync_to_async(turns.make_draft)(conversation, [], "Hello?")
    made = say_later(conversation, max_tokens=10)

    short = await made()

    assert short.limits.prompt == whole.limits.prompt
    assert short.limits.max_tokens == 10


def say_later(conversation, **fields):
    from conversations.turns.drafting.draft import ask_of, draft_of

    @sync_to_async
    def made():
        question = say(conversation, Role.USER, "Hello?")
        answered = say(conversation, Role.ASSISTANT, "", question, model=MODEL, **fields)
        return draft_of(ask_of(answered))

    return made


async def test_where_nothing_fits_it_says_when_there_is_more(conversation, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 21, tzinfo=UTC))
    await budget(conversation, "0.00001")

    with pytest.raises(OverBudget) as refused:
        await send(conversation)

    assert str(refused.value) == (
        "This could cost $0.0025; $0.000010 of this month's $0.000010 is left."
        " It resets on 1 December."
    )
    assert refused.value.fits is None


async def test_used_up_is_used_up(conversation, upstream, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 12, 31, tzinfo=UTC))
    await budget(conversation, "0", "day")

    with pytest.raises(OverBudget) as refused:
        await send(conversation)

    assert str(refused.value) == "You have used today's $0.00. It resets on 1 January."


async def test_an_unknown_price_is_refused_where_there_is_a_budget(conversation, upstream):
    conversation.model = "house-model"
    await conversation.asave()
    upstream.play(*answer("Yes."))
    await ended((await send(conversation)).answer)
    await budget(conversation, "10")

    with pytest.raises(CostUnknown):
        await send(conversation, "Again?")


async def test_every_way_to_ask_is_refused_alike(conversation, upstream, alice):
    upstream.play(*answer("Yes."))
    found = await ended((await send(conversation)).answer)
    await conversation.arefresh_from_db()
    question = await Message.objects.aget(role=Role.USER)
    alone = await sync_to_async(make_conversation)(alice)
    unanswered = await sync_to_async(say)(alone, Role.USER, "Tea?")
    await alone.arefresh_from_db()
    await budget(conversation, "0.0001")
    owner, new = alice, uuid.uuid4
    old = await Message.objects.select_related("parent").aget(pk=found.pk)

    for act in (
        lambda: turns.send(owner, conversation, Wish("More?", new(), found.pk)),
        lambda: turns.edit(owner, conversation, question, "Tea?", new()),
        lambda: turns.retry(owner, conversation, old, new()),
        lambda: turns.continue_answer(owner, conversation, old, new()),
        lambda: turns.fresh_start(owner, conversation, new()),
        lambda: turns.answer(owner, alone, unanswered, new()),
    ):
        with pytest.raises(OverBudget):
            await act()

    assert await Message.objects.acount() == 3
    assert await held(conversation) == 0


async def test_a_limit_may_be_given_to_every_way_to_ask(conversation, upstream):
    for _ in range(4):
        upstream.play(*answer("Yes.", reason="length"))
    owner, new = conversation.owner, uuid.uuid4
    first = await ended((await send(conversation)).answer)
    question = await Message.objects.aget(role=Role.USER)

    edited = await turns.edit(owner, conversation, question, "Tea?", new(), max_tokens=60)
    await ended(edited.answer)
    old = await Message.objects.select_related("parent").aget(pk=first.pk)
    retried = await turns.retry(owner, conversation, old, new(), max_tokens=61)
    again = await ended(retried.answer)
    await turns.continue_answer(owner, conversation, again, new(), max_tokens=62)
    await ended(again)

    assert [sent.body["max_tokens"] for sent in upstream.requests] == [4096, 60, 61, 62]


async def test_a_budget_that_is_lowered_meanwhile_ends_the_answer_before_its_call(
    conversation, upstream, settings, monkeypatch
):
    settings.MAX_CALLS = 0
    waiting = (await send(conversation)).answer
    await budget(conversation, "0.0001")
    # What was held back stands as long as nothing changes; at midnight it is held back anew.
    later = timezone.now() + timezone.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: later)

    settings.MAX_CALLS = 5
    await turns.dispatch.advance()
    found = await ended(waiting)

    said = await sync_to_async(lambda: notice_of(found).words)()
    assert (found.status, found.call.error, found.call.cost) == (Status.FAILED, "over_budget", 0)
    assert said.startswith("This could cost $0.0025; $0.0001")
    assert upstream.requests == []
    assert not await Reservation.objects.aexists()


async def test_a_shorter_call_that_no_budget_allows_says_so(conversation, upstream):
    """Rather than that the prompt was too long, which it would not have been any more."""
    conversation.strategy = "fit"
    await conversation.asave()
    for number in range(30):
        await sync_to_async(say)(conversation, Role.USER, f"{number} " + "tea " * 40)
        await sync_to_async(say)(conversation, Role.ASSISTANT, f"{number} " + "rain " * 40)
    too_long = "This model's maximum context length is 2000 tokens. Yours resulted in 3000 tokens."
    stay = Gate()
    upstream.play(stay, *error_response(400, "context_length_exceeded", too_long))
    waiting = (await send(conversation)).answer
    await reached(stay)
    await budget(conversation, "0.0001")
    stay.open()

    found = await ended(waiting)

    said = await sync_to_async(lambda: notice_of(found).words)()
    assert [call.error for call in found.calls] == ["context_length", "over_budget"]
    assert "of this month's $0.00010 is left" in said
    assert not await Reservation.objects.aexists()
