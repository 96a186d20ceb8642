"""One line of the log for every turn that ends, and its figures: never what was said."""

import uuid
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from prometheus_client import CollectorRegistry

from conversations import metrics, turns
from conversations.line import Taken
from conversations.models import Completion, Message, Status
from conversations.turns.writing import chronicle, store
from tests.turns_kit import ended, reached, send
from tests.upstream_server import (
    Gate,
    answer,
    close,
    content,
    done,
    error_response,
    finish,
    hang,
    role_chunk,
    usage,
)

IDS = {"conversation", "answer", "seconds", "in_line_s", "first_token_ms", "duration_ms"}


@pytest.fixture
def lines(caplog):
    """The fields of every line that told of a turn."""
    caplog.set_level("INFO", logger="conversations")

    def found(words="turn ended"):
        return [each.fields for each in caplog.records if each.getMessage() == words]

    return found


def figures(line):
    """Without what every run has of its own."""
    return {name: value for name, value in line.items() if name not in IDS}


def counted(name, **labels):
    registry: CollectorRegistry = metrics.REGISTRY
    return registry.get_sample_value(f"chatsite_{name}", labels) or 0


async def test_a_whole_answer_is_one_line(conversation, upstream, lines):
    upstream.play(
        role_chunk(),
        content("Two cups of tea."),
        finish("stop"),
        usage(1000, 200, cached=100),
        done(),
    )
    before = counted("tokens_total", kind="prompt", model="gpt-4o-mini")
    cost = counted("cost_usd_total", model="gpt-4o-mini")
    turns_before = counted("turns_total", ending="complete")

    found = await ended((await send(conversation)).answer)

    [line] = lines()
    assert figures(line) == {
        "user": conversation.owner_id,
        "purpose": "answer",
        "model": "gpt-4o-mini",
        "status": "complete",
        "finish": "stop",
        "error": "",
        "attempts": 1,
        "prompt_tokens": 1000,
        "cached_tokens": 100,
        "completion_tokens": 200,
        "reasoning_tokens": 0,
        "cost_usd": "0.0002625",
        "usage": "actual",
        "characters": 16,
    }
    assert (line["answer"], line["conversation"]) == (str(found.pk), str(conversation.pk))
    assert 0 <= line["in_line_s"] <= line["seconds"]
    assert 0 <= line["first_token_ms"] <= line["duration_ms"]
    assert counted("tokens_total", kind="prompt", model="gpt-4o-mini") == before + 1000
    assert counted("cost_usd_total", model="gpt-4o-mini") == pytest.approx(cost + 0.0002625)
    assert counted("turns_total", ending="complete") == turns_before + 1


async def test_a_failed_call_is_told_by_our_code_for_it(conversation, upstream, lines, caplog):
    upstream.play(*error_response(400, "bad", "Invalid value: 'my secret prompt'"))
    before = counted("errors_total", error="bad_request")

    await ended((await send(conversation, "my secret prompt")).answer)

    [line] = lines()
    assert (line["status"], line["error"], line["cost_usd"]) == ("failed", "bad_request", "0")
    assert counted("errors_total", error="bad_request") == before + 1
    assert "secret" not in caplog.text
    assert not any("secret" in str(each.__dict__.get("fields")) for each in caplog.records)


async def test_a_retried_call_is_one_turn_with_all_its_attempts(
    conversation, upstream, lines, settings
):
    settings.RETRY_SECONDS, settings.RETRY_BASE_SECONDS = 10, 0.01
    upstream.play(*error_response(500))
    upstream.play(*answer("Here.", prompt=10, completion=2))
    before = counted("retries_total")

    await ended((await send(conversation)).answer)

    [line] = lines()
    assert (line["status"], line["attempts"], line["prompt_tokens"]) == ("complete", 2, 10)
    assert counted("retries_total") == before + 1


async def test_a_continuation_is_a_turn_of_its_own(conversation, upstream, lines):
    upstream.play(role_chunk(), content("One"), close())
    upstream.play(*answer(" two", prompt=7, completion=1))
    found = await ended((await send(conversation)).answer)

    await turns.continue_answer(conversation.owner, conversation, found, uuid.uuid4())
    await ended(found)

    first, second = lines()
    assert (first["status"], first["error"], first["usage"]) == (
        "failed",
        "connection_lost",
        "estimated",
    )
    assert (second["status"], second["attempts"], second["characters"]) == ("complete", 1, 7)
    assert second["prompt_tokens"] == 7


async def test_whoever_ends_it_tells_of_it_once(conversation, upstream, lines):
    gate = Gate()
    upstream.play(role_chunk(), content("One"), gate, hang())
    answering = (await send(conversation)).answer
    await reached(gate)

    await turns.stop(conversation, answering.pk)
    await turns.stop(conversation, answering.pk)
    await ended(answering)

    [line] = lines()
    assert (line["status"], line["error"]) == ("stopped", "")


async def test_one_that_was_cancelled_in_line_took_nothing(conversation, upstream, lines, settings):
    settings.MAX_CALLS = 1
    gate = Gate()
    upstream.play(role_chunk(), gate, content("x"), finish("stop"), done())
    other = await sync_to_async(_another)(conversation)
    first = (await send(other)).answer
    await reached(gate)
    waiting = (await send(conversation)).answer

    await turns.stop(conversation, waiting.pk)
    await ended(waiting)
    gate.open()
    await ended(first)

    line, _ = lines()
    assert (line["answer"], line["status"]) == (str(waiting.pk), "stopped")
    assert (line["attempts"], line["cost_usd"], line["usage"]) == (0, "0", "actual")
    assert line["in_line_s"] == line["seconds"]


def _another(conversation):
    from tests.people import make_conversation

    return make_conversation(conversation.owner)


async def test_one_that_stood_too_long_says_why(conversation, lines):
    waiting = await Message.objects.acreate(
        conversation=conversation,
        owner_id=conversation.owner_id,
        role="assistant",
        origin="generated",
        status=Status.QUEUED,
        model="gpt-4o-mini",
        run=(run := uuid.uuid4()),
    )
    before = counted("errors_total", error="queue_time")

    assert await sync_to_async(store.give_up)(Taken(waiting.pk, run))

    [line] = lines()
    assert (line["status"], line["error"], line["attempts"]) == ("failed", "queue_time", 0)
    assert counted("errors_total", error="queue_time") == before + 1


async def test_an_unknown_price_is_unknown(conversation, upstream, lines):
    conversation.model = "house-model"
    await conversation.asave(update_fields=["model"])

    await ended((await send(conversation)).answer)

    [line] = lines()
    assert (line["model"], line["cost_usd"]) == ("house-model", "unknown")


async def test_a_reason_of_the_providers_own_is_not_repeated(conversation, upstream, lines):
    upstream.play(role_chunk(), content("x"), finish("you said my secret"), done())

    await ended((await send(conversation)).answer)

    assert lines()[0]["finish"] == "other"


def test_a_summary_has_a_line_too(conversation, lines, transactional_db):
    call = Completion.objects.create(
        conversation=conversation, user=conversation.owner, purpose="summary", model="a\nb"
    )
    call.cost = Decimal("0.0010")

    chronicle.tell_call(call)

    [line] = lines("call ended")
    assert (line["call"], line["purpose"], line["model"]) == (call.pk, "summary", "a b")
    assert line["cost_usd"] == "0.001"
    assert lines() == []
