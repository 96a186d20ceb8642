"""402: what the page is told when a budget stands in the way, and what sends it all the same."""

import re
import uuid
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations import accounting
from conversations.models import (
    Budget,
    Completion,
    Conversation,
    Message,
    ModelPrice,
    Reservation,
    Role,
    Scope,
    Spending,
)
from conversations.turns import dispatch, draining
from tests.admin.ledger import book
from tests.people import say
from tests.turns_kit import ended
from tests.upstream_server import answer, finish

# gpt-4o-mini: $0.15 and $0.60 per million tokens, so 4,096 tokens of answer may cost $0.0024576.
ROOM_FOR_SOME = Decimal("0.001")
ROOM_FOR_NOTHING = Decimal("0.00001")
VERBS = ["start", "send", "edit", "retry", "answer", "continue", "fresh"]


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@sync_to_async
def limit(amount, scope=Scope.EACH, **fields):
    return Budget.objects.create(scope=scope, limit=Decimal(amount), **fields)


@sync_to_async
def spend(person, amount):
    """In no chat, by a price that makes just this of one token."""
    return book(None, user=person, cost=Decimal(amount))


async def request_of(verb, conversation):
    """What asks for an answer in this way, on a thread in which it may."""
    form = {"client_id": str(uuid.uuid4()), "parent": ""}
    here = f"/c/{conversation.pk}/"
    if verb == "start":
        return "/c/", {**form, "text": "Hello?", "model": "gpt-4o-mini"}
    if verb == "send":
        return f"{here}messages/", {**form, "text": "Hello?"}
    question = await sync_to_async(say)(conversation, Role.USER, "Hello?")
    if verb == "edit":
        return f"{here}messages/{question.pk}/edit/", {**form, "text": "Hello there?"}
    if verb == "answer":
        return f"{here}messages/{question.pk}/answer/", form
    old = await sync_to_async(say)(conversation, Role.ASSISTANT, "Half an", question)
    if verb == "fresh":
        return f"{here}fresh/", form
    return f"{here}messages/{old.pk}/{verb}/", form


async def post(page, address, form, **more):
    return await page.post(address, {**form, **more}, headers={"HX-Request": "true"})


async def stored():
    return (
        await Message.objects.acount(),
        await Conversation.objects.acount(),
        await Reservation.objects.acount(),
        await Completion.objects.acount(),
    )


def offered(response):
    """The limit that the notice's button carries, by its figure and by its words."""
    html = response.content.decode()
    [(tokens, words)] = re.findall(r'data-limit="(\d+)">Send with an? ([\d,]+)-token limit<', html)
    assert f"{int(tokens):,}" == words
    return int(tokens)


@pytest.mark.parametrize("verb", VERBS)
async def test_what_could_cost_too_much_is_offered_with_the_limit_that_fits(
    page, conversation, upstream, verb
):
    address, form = await request_of(verb, conversation)
    await limit(ROOM_FOR_SOME)
    before = await stored()

    refused = await post(page, address, form)

    assert (refused.status_code, refused.headers["HX-Retarget"]) == (402, "#notice")
    assert "This could cost $0.0025; $0.0010 of this month&#x27;s" in refused.content.decode()
    assert (await stored(), upstream.requests) == (before, [])
    fits = offered(refused)
    assert (await post(page, address, form, limit=fits + 1)).status_code == 402
    assert await stored() == before

    accepted = await post(page, address, form, limit=fits)

    assert accepted.status_code == 202
    await ended(await Message.objects.exclude(queued_at=None).alatest("queued_at"))
    assert upstream.requests[0].body["max_tokens"] == fits


@pytest.mark.parametrize("verb", VERBS)
async def test_where_nothing_fits_the_words_say_when_it_resets(page, conversation, upstream, verb):
    address, form = await request_of(verb, conversation)
    await limit("0.5")
    await spend(conversation.owner, "0.5")
    before = await stored()

    refused = await post(page, address, form)

    html = refused.content.decode()
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (402, "#notice")
    assert re.search(r"You have used this month&#x27;s \$0\.50\d*\. It resets on 1 [A-Z]", html)
    assert "data-limit" not in html
    assert ">Change settings</button>" in html
    assert (await stored(), upstream.requests) == (before, [])


async def test_a_prompt_that_alone_costs_too_much_is_offered_no_limit(page, conversation, upstream):
    await limit(ROOM_FOR_NOTHING)
    address, form = await request_of("send", conversation)

    html = (await post(page, address, form)).content.decode()

    assert "data-limit" not in html
    assert "It resets on" in html


async def test_a_budget_of_the_site_counts_what_others_spent(page, bob, conversation, upstream):
    await limit("0.5", Scope.SITE)
    await spend(bob, "0.5")
    address, form = await request_of("send", conversation)

    refused = await post(page, address, form)

    assert refused.status_code == 402
    assert "This site has used this month" in refused.content.decode()


@pytest.mark.parametrize(
    ("has_budget", "is_allowed", "status"),
    [(False, False, 202), (True, False, 402), (True, True, 202)],
)
async def test_a_model_of_unknown_price_is_refused_where_a_budget_holds(
    page, conversation, upstream, settings, has_budget, is_allowed, status
):
    settings.ALLOW_UNKNOWN_PRICES = is_allowed
    await Conversation.objects.filter(pk=conversation.pk).aupdate(model="house-model")
    if has_budget:
        await limit("20")
    address, form = await request_of("send", conversation)

    response = await post(page, address, form)

    assert response.status_code == status
    html = response.content.decode()
    if status == 402:
        assert "is not known, and a budget holds here" in html
        assert ">Change settings</button>" in html
        assert await Message.objects.acount() == 0
    else:
        await ended(await Message.objects.aget(role=Role.ASSISTANT))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("given", ["0", "-5", "many", "1.5", "9" * 30])
async def test_a_limit_that_is_none_is_refused_in_words(page, conversation, upstream, verb, given):
    address, form = await request_of(verb, conversation)
    before = await stored()

    response = await post(page, address, form, limit=given)

    assert response.status_code == 422
    assert "The limit of an answer is a whole number from 1" in response.content.decode()
    assert await stored() == before


async def test_an_answer_that_was_cut_off_at_its_limit_says_so(page, conversation, upstream):
    upstream.play(*answer("A beginning")[:-3], finish("length"), *answer("")[-2:])
    address, form = await request_of("send", conversation)

    await post(page, address, form, limit=1_200)

    await ended(await Message.objects.aget(role=Role.ASSISTANT))
    html = (await page.get(f"/c/{conversation.pk}/log/")).content.decode()
    assert "Stopped at the 1,200-token limit." in html
    assert ">Continue</button>" in html


async def test_an_answer_that_does_not_fit_any_more_when_its_turn_comes_says_so(
    page, alice, conversation, upstream, monkeypatch
):
    await limit("0.003")
    monkeypatch.setattr(draining, "is_draining", lambda: True)
    address, form = await request_of("send", conversation)
    assert (await post(page, address, form)).status_code == 202
    # Held back was what it could cost by the price of then.
    await ModelPrice.objects.filter(model="gpt-4o-mini").aupdate(output=Decimal(6))
    monkeypatch.undo()

    await dispatch.advance()

    await ended(await Message.objects.aget(role=Role.ASSISTANT))
    html = (await page.get(f"/c/{conversation.pk}/log/")).content.decode()
    assert "This could cost $0.03; $0.0030 of this month&#x27;s $0.0030 is left." in html
    assert "Nothing was charged." in html
    assert ">Retry</button>" in html
    assert ">Change settings</button>" in html
    assert upstream.requests == []


async def test_the_limit_of_one_answer_is_not_the_chats(page, conversation, upstream):
    address, form = await request_of("start", conversation)

    await post(page, address, form, limit=1_200)

    made = await Conversation.objects.exclude(pk=conversation.pk).aget()
    await ended(await Message.objects.aget(role=Role.ASSISTANT))
    assert made.max_tokens is None
    assert upstream.requests[0].body["max_tokens"] == 1_200


async def test_what_is_accepted_with_its_limit_is_held_back_and_then_booked(
    page, alice, conversation, upstream
):
    await limit(ROOM_FOR_SOME)
    address, form = await request_of("send", conversation)
    fits = offered(await post(page, address, form))

    await post(page, address, form, limit=fits)

    await ended(await Message.objects.aget(role=Role.ASSISTANT))
    call = await Completion.objects.aget()
    row = await Spending.objects.aget(user=alice, period="month")
    assert (row.spent, row.reserved) == (call.cost, 0)
    assert call.reserved <= ROOM_FOR_SOME
    assert (await sync_to_async(accounting.audit)()) == []
