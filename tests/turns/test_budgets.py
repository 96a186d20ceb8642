"""Money on its way through a turn: held back at the door, moved to the call, settled at its end."""

import asyncio
import uuid
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.db.models.functions import Now
from django.utils import timezone

from conversations import threads, turns
from conversations.models import (
    Completion,
    Message,
    ModelPrice,
    Purpose,
    Reservation,
    Role,
    Status,
)
from conversations.turns import sweeps
from conversations.turns.writing import store
from conversations.turns.writing.summaries import INSTRUCTION
from tests.patience import PATIENCE
from tests.people import say
from tests.turns.money import MODEL, budget, held, spending, worst_case
from tests.turns_kit import ended, reached, send
from tests.upstream_server import (
    Gate,
    answer,
    close,
    content,
    done,
    error_response,
    finish,
    role_chunk,
    usage,
)


@pytest.fixture(autouse=True)
def priced(prices):
    """So that it is known what a call may cost."""


@pytest.fixture
def gate(upstream):
    held = Gate()
    upstream.play(role_chunk(), content("Half."), held, finish(), usage(20, 4), done())
    yield held
    held.open()


# --- the way through --------------------------------------------------------------------------


async def test_what_a_call_may_cost_is_held_back_until_it_is_settled(conversation, gate):
    admitted = await send(conversation)
    await reached(gate)
    call = await Completion.objects.aget()

    assert await spending(conversation) == (0, call.reserved)
    assert call.reserved == worst_case(call.estimated_prompt_tokens, 4096)

    gate.open()
    found = await ended(admitted.answer)
    assert found.call.cost == worst_case(20, 4)
    assert await spending(conversation) == (found.call.cost, 0)


async def test_in_line_it_is_held_back_already(conversation, upstream, settings):
    settings.MAX_CALLS = 0

    waiting = (await send(conversation)).answer

    assert await held(conversation) > worst_case(0, 4096)
    assert await turns.stop(conversation, waiting.pk)
    assert await spending(conversation) == (0, 0)


async def test_a_call_that_was_refused_costs_nothing_and_frees_it(conversation, upstream):
    upstream.play(*error_response(401, "invalid_api_key", "No"))

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.cost) == (Status.FAILED, 0)
    assert await spending(conversation) == (0, 0)


async def test_a_stopped_answer_is_charged_by_what_had_arrived(conversation, gate):
    answered = (await send(conversation)).answer
    await reached(gate)

    await turns.stop(conversation, answered.pk)
    found = await ended(answered)

    assert (found.call.is_estimated, found.call.completion_tokens) == (True, 2)
    assert found.call.cost == worst_case(found.call.estimated_prompt_tokens, 2)
    assert await spending(conversation) == (found.call.cost, 0)


@pytest.mark.parametrize("end", ["stop", "break", "shutdown"])
async def test_usage_that_the_api_told_before_another_ending_is_what_counts(
    conversation, upstream, end
):
    stay = Gate()
    last = [close()] if end == "break" else [done()]
    upstream.play(role_chunk(), content("Half."), usage(50, 7), stay, *last)
    answered = (await send(conversation)).answer
    await reached(stay)
    await asyncio.sleep(0.05)

    if end == "stop":
        await turns.stop(conversation, answered.pk)
    elif end == "shutdown":
        await turns.shutdown()
    stay.open()
    found = await ended(answered)

    assert (found.call.prompt_tokens, found.call.completion_tokens) == (50, 7)
    assert (found.call.is_estimated, found.call.cost) == (False, worst_case(50, 7))
    assert await spending(conversation) == (found.call.cost, 0)


async def test_a_call_whose_process_was_lost_is_charged_by_what_was_stored(conversation):
    """As after kill -9: nobody writes it any more, and somebody sweeps."""

    @sync_to_async
    def lost():
        question = say(conversation, Role.USER, "Tea?")
        run = uuid.uuid4()
        made = {"status": Status.QUEUED, "run": run, "model": MODEL}
        answered = say(conversation, Role.ASSISTANT, "", question, **made)
        store.begin_call(answered.pk, run)
        assert store.flush(answered.pk, run, "Half of it", "")
        held_back = Reservation.objects.get().amount
        Message.objects.filter(pk=answered.pk).update(beat=Now() - timezone.timedelta(hours=1))
        sweeps.end_all_dead_answers()
        return Completion.objects.get(), held_back

    call, held_back = await lost()

    assert held_back == call.reserved > 0
    assert (call.is_estimated, call.completion_tokens) == (True, 3)
    assert await spending(conversation) == (call.cost, 0)


@pytest.mark.parametrize("is_last", [True, False])
async def test_usage_that_the_api_told_a_process_that_was_lost_is_what_counts(
    conversation, upstream, settings, is_last
):
    """Told before the end, or with every piece: it is kept as the words are."""
    settings.FLUSH_SECONDS = 0.02
    stay = Gate()
    more = () if is_last else (content(" More."),)
    upstream.play(role_chunk(), content("Half."), usage(50, 7), *more, stay, done())
    answered = (await send(conversation)).answer
    await reached(stay)
    under_way = Completion.objects.open()
    async with asyncio.timeout(PATIENCE):
        while not await under_way.filter(is_estimated=False).aexists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    # As if this process were another one that comes after it.
    await Message.objects.filter(pk=answered.pk).aupdate(
        run=uuid.uuid4(), beat=Now() - timezone.timedelta(hours=1)
    )
    stay.open()
    await turns.shutdown()
    assert await under_way.aexists()
    await sync_to_async(sweeps.end_all_dead_answers)()
    call = await Completion.objects.aget()

    assert (call.prompt_tokens, call.completion_tokens) == (50, 7)
    assert (call.is_estimated, call.cost) == (False, worst_case(50, 7))
    assert await spending(conversation) == (call.cost, 0)


async def test_a_call_that_is_made_again_holds_it_back_again(conversation, upstream, settings):
    settings.RETRY_SECONDS, settings.RETRY_BASE_SECONDS = 30, 0.01
    settings.RETRY_CAP_SECONDS = 0.05
    upstream.play(*error_response(500, None, "Oops"))
    upstream.play(*answer("Yes.", prompt=20, completion=2))

    found = await ended((await send(conversation)).answer)

    assert [call.cost for call in found.calls] == [0, worst_case(20, 2)]
    assert await spending(conversation) == (worst_case(20, 2), 0)


async def test_while_it_waits_to_be_called_again_it_is_held_back(conversation, upstream, settings):
    settings.RETRY_SECONDS = settings.RETRY_BASE_SECONDS = settings.RETRY_CAP_SECONDS = 600
    upstream.play(*error_response(500, None, "Oops"))

    waiting = (await send(conversation)).answer
    async with asyncio.timeout(PATIENCE):
        while not (await Message.objects.aget(pk=waiting.pk)).wait:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert await held(conversation) > worst_case(0, 4096)
    assert await turns.stop(conversation, waiting.pk)
    await ended(waiting)
    assert await spending(conversation) == (0, 0)


async def test_figures_that_cannot_be_booked_keep_no_words_from_being_stored(
    conversation, upstream, monkeypatch
):
    def broken(call):
        raise ValueError("a figure that does not fit")

    monkeypatch.setattr("conversations.accounting.book", broken)
    upstream.play(*answer("A long and valuable answer."))
    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "A long and valuable answer.")
    assert found.call.ended_at is None
    assert await sync_to_async(sweeps.end_all_dead_answers)() == []

    monkeypatch.undo()
    await sync_to_async(sweeps.end_all_dead_answers)()
    call = await Completion.objects.aget()
    assert (call.ended_at is None, await held(conversation)) == (False, 0)
    assert call.completion_tokens > 0


async def test_a_cost_that_cannot_be_true_is_unknown(conversation, upstream):
    upstream.play(*answer("Yes.", prompt=900_000_000, completion=900_000_000))
    await ModelPrice.objects.filter(model=MODEL).aupdate(output=Decimal(9_000_000))

    found = await ended((await send(conversation)).answer)

    assert (found.text, found.call.cost) == ("Yes.", None)
    assert await spending(conversation) == (0, 0)


async def test_a_prompt_that_is_shortened_holds_back_less(conversation, upstream):
    conversation.strategy = "fit"
    await conversation.asave()
    for number in range(30):
        await sync_to_async(say)(conversation, Role.USER, f"{number} " + "tea " * 40)
        await sync_to_async(say)(conversation, Role.ASSISTANT, f"{number} " + "rain " * 40)
    said = (
        "This model's maximum context length is 2000 tokens. However, your messages resulted in"
        " 3000 tokens."
    )
    upstream.play(*error_response(400, "context_length_exceeded", said))
    upstream.play(*answer("Yes.", prompt=900, completion=2))

    found = await ended((await send(conversation)).answer)

    first, second = found.calls
    assert first.reserved > second.reserved > 0
    assert await spending(conversation) == (worst_case(900, 2), 0)


# --- what nobody sees -------------------------------------------------------------------------


@pytest.fixture
def summarised(conversation):
    conversation.strategy = "summary"
    conversation.strategy_numbers = {"summary_tokens": 300}
    conversation.save()
    for number in range(8):
        say(conversation, Role.USER, f"{number} " + "tea " * 30)
        say(conversation, Role.ASSISTANT, f"{number} " + "rain " * 30)
    return conversation


async def test_a_summary_is_held_back_and_settled_as_well(summarised, upstream):
    stay = Gate()
    upstream.play(role_chunk(), content("They like tea."), stay, finish(), usage(9, 9), done(),
                  when=INSTRUCTION)  # fmt: skip
    upstream.play(*answer("Now.", prompt=20, completion=2), when="What now?")
    answered = (await send(summarised, "What now?")).answer
    await asyncio.to_thread(stay.wait_until_reached)

    summary = await Completion.objects.aget(purpose=Purpose.SUMMARY)
    assert await held(summarised) > summary.reserved > 0

    stay.open()
    await ended(answered)
    costs = [call.cost async for call in Completion.objects.all()]
    assert await spending(summarised) == (sum(costs), 0)


async def test_a_summary_that_does_not_fit_is_not_written_and_that_is_said(summarised, upstream):
    upstream.play(*answer("Now."), when="What now?")
    draft = await sync_to_async(
        lambda: turns.make_draft(
            summarised, threads.path_to(summarised, summarised.current_leaf_id), "What now?"
        )
    )()
    await budget(summarised, draft.worst_case + Decimal("0.0001"))

    found = await ended((await send(summarised, "What now?")).answer)

    assert found.status == Status.COMPLETE
    assert "The summary of older messages could not be written. This could cost" in (
        found.call.context_note
    )
    assert len(upstream.requests) == 1


async def test_what_is_held_back_for_a_message_that_is_gone_is_freed_by_the_sweep(
    conversation, upstream, settings
):
    settings.MAX_CALLS = 0
    waiting = (await send(conversation)).answer
    await Message.objects.filter(pk=waiting.pk).adelete()
    assert await held(conversation) > 0

    async with asyncio.timeout(PATIENCE):
        await sync_to_async(sweeps.end_all_dead_answers)()

    assert await spending(conversation) == (0, 0)
