"""The older half of a thread, in the model's own words: written once, reused, extended, charged."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from conversations import threads, turns
from conversations.models import Completion, Message, Purpose, Role, Standing, Status, Summary
from conversations.turns.tasks import owned
from conversations.turns.writing.summaries import INSTRUCTION
from tests.people import say
from tests.turns_kit import ended, send
from tests.upstream_server import Gate, answer, error_response, role_chunk

OPENING = "Here's what was discussed:"


@pytest.fixture
def summarised(conversation):
    """Eight exchanges of about 80 tokens, and a mark at 300."""
    conversation.strategy = "summary"
    conversation.strategy_numbers = {"summary_tokens": 300}
    conversation.save()
    for number in range(8):
        say(conversation, Role.USER, f"{number} " + "tea " * 30)
        say(conversation, Role.ASSISTANT, f"{number} " + "rain " * 30)
    return conversation


async def settled():
    """What is done in the background has been done."""
    while tasks := [task for task in owned() if task.get_name().startswith("summary")]:
        await asyncio.gather(*tasks)


async def summaries():
    return [summary async for summary in Summary.objects.order_by("pk")]


def bodies(upstream, text):
    """What was sent with these words at its end; in the background more may have been sent."""
    return [one.body["messages"] for one in upstream.requests if one.last_user_text == text]


def summary_calls():
    return Completion.objects.filter(purpose=Purpose.SUMMARY)


async def test_it_stands_in_for_what_it_covers(summarised, upstream):
    upstream.play(*answer("They like tea."), when=INSTRUCTION)
    upstream.play(*answer("Now."), when="What now?")

    found = await ended((await send(summarised, "What now?")).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "Now.")
    [sent] = bodies(upstream, "What now?")
    assert sent[0] == {"role": "system", "content": f"{OPENING}\n\nThey like tea."}
    assert sent[-1] == {"role": "user", "content": "What now?"}
    assert sent[1]["content"].startswith("7 tea")
    assert len(sent) == 4


async def test_the_model_is_asked_with_the_thread_as_it_is(summarised, upstream):
    await ended((await send(summarised, "What now?")).answer)

    asked = upstream.requests[0].body
    assert [each["content"].split()[0] for each in asked["messages"][:-1]] == list("00112233445566")
    assert asked["messages"][-1] == {"role": "user", "content": INSTRUCTION}
    assert asked["max_tokens"] == 2000


async def test_it_is_charged_under_its_own_purpose(summarised, upstream):
    upstream.play(*answer("They like tea.", prompt=600, completion=5), when=INSTRUCTION)

    await ended((await send(summarised, "What now?")).answer)
    await settled()

    call = await summary_calls().aget()
    assert (call.prompt_tokens, call.completion_tokens, call.is_estimated) == (600, 5, False)
    assert call.conversation_id == summarised.pk
    await summarised.arefresh_from_db()
    assert summarised.calls == 2
    spent = [each.cost async for each in Completion.objects.all()]
    assert summarised.cost == sum(spent)


async def test_it_is_reused(summarised, upstream):
    await ended((await send(summarised, "What now?")).answer)
    await settled()

    await ended((await send(summarised, "And then?")).answer)

    assert await summary_calls().acount() == 1
    [sent] = bodies(upstream, "And then?")
    assert sent[0]["content"].startswith(OPENING)


async def test_it_is_extended_before_it_is_needed_so_that_nobody_waits(summarised, upstream):
    upstream.play(*answer("They like tea."), when=INSTRUCTION)
    upstream.play(*answer("And rain."), when=INSTRUCTION)
    upstream.play(*answer("rain " * 250), when="What now?")
    await ended((await send(summarised, "What now?")).answer)
    await settled()

    first, second = await summaries()
    assert (second.previous_id, second.text) == (first.pk, "And rain.")
    extending = bodies(upstream, INSTRUCTION)[1]
    assert extending[0]["content"].endswith("They like tea.")
    assert extending[1]["content"].startswith("7 tea")

    await ended((await send(summarised, "And then?")).answer)

    [sent] = bodies(upstream, "And then?")
    assert sent[0]["content"] == f"{OPENING}\n\nAnd rain."
    asked = [one.last_user_text for one in upstream.requests]
    assert asked[: asked.index("And then?")].count(INSTRUCTION) == 2


async def test_it_holds_for_every_branch_through_its_last_message(summarised, upstream):
    asked = await send(summarised, "What now?")
    await ended(asked.answer)
    await settled()

    await turns.edit(summarised.owner, summarised, asked.question, "What else?", Message().pk)
    newest = await Message.objects.filter(role=Role.ASSISTANT).order_by("created_at").alast()
    await ended(newest)

    assert await summary_calls().acount() == 1
    [sent] = bodies(upstream, "What else?")
    assert sent[0]["content"].startswith(OPENING)


@pytest.mark.parametrize("change", ["exclude", "delete"])
async def test_what_was_taken_out_since_is_in_no_summary(summarised, upstream, change):
    await ended((await send(summarised, "What now?")).answer)
    await settled()
    covered = await Message.objects.filter(text__startswith="3 tea").aget()
    if change == "exclude":
        await sync_to_async(threads.set_standing)(covered, Standing.EXCLUDED)
    else:
        await sync_to_async(threads.delete)(covered)

    await ended((await send(summarised, "And then?")).answer)

    again = bodies(upstream, INSTRUCTION)[-1]
    assert len(bodies(upstream, INSTRUCTION)) == 2
    assert not any(message["content"].startswith("3 tea") for message in again)


async def test_where_it_cannot_be_written_the_answer_comes_all_the_same(summarised, upstream):
    upstream.play(*error_response(500), when=INSTRUCTION, times=None)
    upstream.play(*answer("Now."), when="What now?")

    found = await ended((await send(summarised, "What now?")).answer)
    await settled()

    assert (found.status, found.text) == (Status.COMPLETE, "Now.")
    call = await Completion.objects.filter(purpose=Purpose.ANSWER).aget()
    assert "could not be written" in call.context_note
    assert await summaries() == []
    errors = {each.error async for each in summary_calls()}
    assert errors == {"server"}


@pytest.mark.parametrize(
    "script", [answer(" "), answer("They like", reason="length"), error_response(500)]
)
async def test_one_that_cannot_be_used_is_not_paid_for_again_and_again(
    summarised, upstream, script
):
    upstream.play(script, when=INSTRUCTION, times=None)

    for question in ("What now?", "And then?", "And last?"):
        found = await ended((await send(summarised, question)).answer)
        await settled()

    assert await summaries() == []
    assert len(bodies(upstream, INSTRUCTION)) == 1
    assert "no summary" in found.call.context_note


async def test_after_a_while_it_is_tried_again(summarised, upstream):
    upstream.play(*error_response(500), when=INSTRUCTION)
    await ended((await send(summarised, "What now?")).answer)
    await settled()
    await summary_calls().aupdate(created_at="2026-01-01T00:00Z")

    await ended((await send(summarised, "And then?")).answer)

    assert len(await summaries()) == 1


async def test_what_the_summary_makes_impossible_is_said_in_its_own_words(summarised, upstream):
    summarised.response_format = "json_object"
    await summarised.asave()
    await Message.objects.filter(text__startswith="0 tea").aupdate(
        text="0 as JSON " + "tea " * 30, token_counts={}
    )
    upstream.play(*answer("They like tea."), when=INSTRUCTION)

    found = await ended((await send(summarised, "What now?")).answer)

    assert (found.status, found.call.error) == (Status.FAILED, "json_not_mentioned")
    assert found.call.cost == 0
    assert len(upstream.requests) == 1


async def test_one_is_written_at_a_time(summarised, upstream):
    gate = Gate()
    upstream.play(role_chunk(), gate, *answer("They like tea.")[1:], when=INSTRUCTION)
    await turns.prepare(summarised)
    await asyncio.to_thread(gate.wait_until_reached)

    admitted = await send(summarised, "What now?")
    await asyncio.sleep(0.1)
    assert len(upstream.requests) == 1
    gate.open()
    await ended(admitted.answer)
    await settled()

    assert await summary_calls().acount() == 1


async def test_who_waits_for_it_can_stop_and_what_is_written_is_kept(summarised, upstream):
    gate = Gate()
    upstream.play(role_chunk(), gate, *answer("They like tea.")[1:], when=INSTRUCTION)
    admitted = await send(summarised, "What now?")
    await asyncio.to_thread(gate.wait_until_reached)

    await turns.stop(summarised, admitted.answer.pk)
    found = await ended(admitted.answer)
    gate.open()
    await settled()

    assert (found.status, found.text) == (Status.STOPPED, "")
    assert [each.text for each in await summaries()] == ["They like tea."]
    call = await summary_calls().aget()
    assert call.ended_at is not None


async def test_a_thread_many_times_as_long_as_the_window_is_summarised_piece_by_piece(
    summarised, upstream, settings
):
    summarised.strategy_numbers = {}
    summarised.model = "local-model"
    summarised.max_tokens = 50
    await summarised.asave()
    settings.DEFAULT_CONTEXT_WINDOW = 400

    found = await ended((await send(summarised, "What now?")).answer)
    await settled()

    assert found.status == Status.COMPLETE
    written = await summaries()
    assert len(written) > 1
    assert [each.previous_id for each in written] == [None, *(each.pk for each in written[:-1])]
    sizes = [call.estimated_prompt_tokens async for call in Completion.objects.all()]
    assert max(sizes) <= 350


async def test_another_strategy_writes_none(summarised, upstream):
    summarised.strategy = "fit"
    await summarised.asave()

    await ended((await send(summarised, "What now?")).answer)
    await turns.prepare(summarised)
    await settled()

    assert len(upstream.requests) == 1


async def test_one_that_its_process_left_behind_is_settled_by_the_sweep(summarised):
    from conversations.turns import sweeps

    call = await Completion.objects.acreate(
        conversation=summarised,
        purpose=Purpose.SUMMARY,
        model="gpt-4o-mini",
        estimated_prompt_tokens=1000,
    )

    await sync_to_async(sweeps.end_all_dead_answers)()
    await call.arefresh_from_db()
    assert call.ended_at is None

    await Completion.objects.filter(pk=call.pk).aupdate(created_at="2026-01-01T00:00Z")
    await sync_to_async(sweeps.end_all_dead_answers)()
    await call.arefresh_from_db()
    assert (call.error, call.is_estimated, call.prompt_tokens) == ("cut_off", True, 1000)


async def test_nothing_is_prepared_where_it_would_take_somebodys_place(
    summarised, upstream, settings
):
    upstream.play(*answer("They like tea."), when=INSTRUCTION)
    settings.MAX_CALLS = 0
    await turns.prepare(summarised)
    await settled()
    assert not await summary_calls().aexists()

    settings.MAX_CALLS = 1
    await turns.prepare(summarised)
    await settled()

    assert await summary_calls().acount() == 1
