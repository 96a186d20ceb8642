"""The provider finds a prompt too long: once more with less, and everybody can see it."""

import pytest

from conversations.errors import ContextLengthExceeded
from conversations.models import Completion, Role, Status
from conversations.turns.drafting.limits import Limits, corrected
from conversations.turns.writing import pump
from conversations.turns.writing.store import SHORTENED
from tests.people import say
from tests.turns_kit import ended, send
from tests.upstream_server import answer, content, error_response, event, role_chunk

WORDS = (
    "This model's maximum context length is 300 tokens. However, you requested 700 tokens"
    " (600 in the messages, 100 in the completion). Please reduce the length of the messages."
)


def too_long(message=WORDS):
    return error_response(400, code="context_length_exceeded", message=message)


@pytest.fixture
def long_thread(conversation):
    conversation.max_tokens = 100
    conversation.save()
    for number in range(8):
        say(conversation, Role.USER, f"{number} " + "tea " * 30)
        say(conversation, Role.ASSISTANT, f"{number} " + "rain " * 30)
    return conversation


async def calls():
    return [call async for call in Completion.objects.order_by("pk")]


async def test_it_is_sent_again_with_less_by_the_providers_own_figures(long_thread, upstream):
    upstream.play(*too_long())
    upstream.play(*answer("Tea."))

    found = await ended((await send(long_thread, "Now?")).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "Tea.")
    first, second = (request.body["messages"] for request in upstream.requests)
    assert len(first) == 17
    assert 1 < len(second) < 8
    assert second == first[-len(second) :]
    assert second[0]["role"] == "user"


async def test_both_attempts_are_in_the_ledger_and_the_second_says_why(long_thread, upstream):
    upstream.play(*too_long())
    upstream.play(*answer("Tea.", prompt=200, completion=2))

    await ended((await send(long_thread, "Now?")).answer)

    refused, sent = await calls()
    assert (refused.error, refused.cost, refused.is_estimated) == ("context_length", 0, False)
    assert refused.ended_at is not None
    assert (sent.error, sent.prompt_tokens, sent.context_note) == ("", 200, SHORTENED)
    assert sent.estimated_prompt_tokens < 200


async def test_that_less_is_sent_has_a_number_before_it_is_told(long_thread, upstream, monkeypatch):
    async def dies_first(*_):
        pass

    monkeypatch.setattr(pump, "tell_thread_changed", dies_first)
    upstream.play(*too_long())
    upstream.play(*answer("Tea."))

    await ended((await send(long_thread, "Now?")).answer)

    await long_thread.arefresh_from_db()
    assert long_thread.changes == 3  # sent, sent with less, ended


async def test_what_was_shortened_and_then_failed_is_not_sent_whole_again(
    long_thread, upstream, settings
):
    settings.RETRY_SECONDS = 30
    settings.RETRY_BASE_SECONDS = settings.RETRY_CAP_SECONDS = 0.01
    upstream.play(*too_long())
    upstream.play(*error_response(503, message="Later"), times=2)
    upstream.play(*answer("Tea."))

    found = await ended((await send(long_thread, "Now?")).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "Tea.")
    whole, *shorter = [request.body for request in upstream.requests]
    assert len(shorter) == 3
    assert shorter[0] == shorter[1] == shorter[2] != whole
    assert [call.error for call in await calls()] == ["context_length", "server", "server", ""]


async def test_once_and_not_again(long_thread, upstream):
    upstream.play(*too_long(), times=2)

    found = await ended((await send(long_thread, "Now?")).answer)

    assert found.status == Status.FAILED
    assert [call.error for call in await calls()] == ["context_length", "context_length"]
    assert len(upstream.requests) == 2


async def test_everything_or_nothing_is_not_shortened(long_thread, upstream):
    long_thread.strategy = "everything"
    await long_thread.asave()
    upstream.play(*too_long())

    found = await ended((await send(long_thread, "Now?")).answer)

    assert (found.status, len(upstream.requests)) == (Status.FAILED, 1)


async def test_a_single_message_that_is_too_long_fails_in_the_providers_words(
    conversation, upstream
):
    upstream.play(*too_long())

    found = await ended((await send(conversation, "tea " * 500)).answer)

    [call] = await calls()
    assert (found.status, call.error, call.cost) == (Status.FAILED, "context_length", 0)
    assert len(upstream.requests) == 1


async def test_not_after_text_has_come(long_thread, upstream):
    upstream.play(
        role_chunk(),
        content("Tea"),
        event({"error": {"code": "context_length_exceeded", "message": WORDS}}),
    )

    found = await ended((await send(long_thread, "Now?")).answer)

    assert (found.status, found.text, len(upstream.requests)) == (Status.FAILED, "Tea", 1)


@pytest.mark.parametrize(
    ("told", "sent", "room"),
    [
        # The window is smaller than thought.
        (ContextLengthExceeded(limit=4000), 7000, 3000),
        # And the provider's tokens are smaller than ours.
        (ContextLengthExceeded(limit=4000, prompt=14_000), 7000, 1500),
        (ContextLengthExceeded(limit=4000, asked=15_000), 7000, 1500),
        # No figures: two thirds of what was sent.
        (ContextLengthExceeded(), 6000, 4000),
        # Figures by which it should have fitted: a tenth less all the same.
        (ContextLengthExceeded(limit=10_000, prompt=7000), 7000, 6300),
        # The answer's reserve alone was too much.
        (ContextLengthExceeded(limit=1000), 7000, 750),
    ],
)
def test_the_room_after_a_refusal(told, sent, room):
    limits = Limits(window=10_000, max_input=10_000, max_tokens=1000)

    assert corrected(limits, told, sent).prompt == room
