"""Every quirk of providers, through a whole turn: over real HTTP, to the row in the database.

`tests/upstream/` has the same and many more one by one; here each shows in what a person keeps.
"""

import asyncio
from html import escape

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from conversations.models import Status
from tests.patience import PATIENCE
from tests.turns_kit import ended, send
from tests.upstream_server import (
    chunk,
    comment,
    content,
    done,
    error_response,
    finish,
    hang,
    json_response,
    pause,
    raw,
    reasoning,
    reset,
    respond,
    role_chunk,
    usage,
    words,
)

ENDING = [finish("stop"), usage(9, 2), done()]
USED = usage(9, 2)["usage"]


def choice(text, index):
    return {"index": index, "delta": {"content": text}, "finish_reason": None}


# All of these mean: "Hi", stop, 9 tokens in and 2 out by the provider's own figures.
WHOLE = {
    "role-only first chunk": [role_chunk(), content("Hi"), *ENDING],
    "choices empty": [chunk(choices=[]), content("Hi"), *ENDING],
    "choices null": [chunk(choices=None), content("Hi"), *ENDING],
    "choices missing": [{"id": "x", "object": "chat.completion.chunk"}, content("Hi"), *ENDING],
    "delta null": [chunk(choices=[{"index": 0, "delta": None}]), content("Hi"), *ENDING],
    "usage on a last chunk without choices": [content("Hi"), finish(), usage(9, 2), done()],
    "usage on a last chunk with choices": [content("Hi"), finish() | {"usage": USED}, done()],
    "usage on every chunk, the last counts": [
        content("H") | {"usage": usage(9, 1)["usage"]},
        content("i") | {"usage": USED},
        finish(),
        done(),
    ],
    "usage details null": [
        content("Hi"),
        finish(),
        chunk(
            choices=[],
            usage=USED | {"prompt_tokens_details": None, "completion_tokens_details": None},
        ),
        done(),
    ],
    "finish reason on the text's own chunk": [chunk({"content": "Hi"}, "stop"), usage(9, 2)],
    "finish reason before the last text": [content("H"), finish(), content("i"), usage(9, 2)],
    "finish reason twice": [content("Hi"), finish("stop"), finish("length"), usage(9, 2), done()],
    "content as a list of parts": [
        content([{"type": "text", "text": "H"}, {"type": "text", "text": "i"}, {"type": "x"}]),
        *ENDING,
    ],
    "several choices": [
        chunk(choices=[choice("No", 1), choice("H", 0)]),
        chunk(choices=[choice("way", 1)]),
        chunk(choices=[choice("i", 0)]),
        *ENDING,
    ],
    "comment lines": [comment(), content("Hi"), comment("PROCESSING"), *ENDING],
    "event lines": [raw(b"event: message\n"), content("Hi"), raw(b"event: ping\n\n"), *ENDING],
    "no [DONE]": [content("Hi"), finish(), usage(9, 2)],
}


@pytest.mark.parametrize("script", WHOLE.values(), ids=WHOLE)
async def test_it_is_whole(conversation, upstream, script):
    upstream.play(script)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text, found.html) == (Status.COMPLETE, "Hi", "<p>Hi</p>\n")
    call = found.call
    assert (call.finish_reason, call.error) == ("stop", "")
    assert (call.prompt_tokens, call.completion_tokens, call.is_estimated) == (9, 2, False)


async def test_usage_absent_is_counted_and_marked(conversation, upstream):
    upstream.play(content("Hello there!"), finish(), done())

    found = await ended((await send(conversation)).answer)

    assert (found.call.completion_tokens, found.call.is_estimated) == (3, True)


async def test_an_unknown_finish_reason_is_kept_as_it_is(conversation, upstream):
    upstream.play(content("Hi"), finish("eos_token"), usage(9, 2), done())

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.finish_reason) == (Status.COMPLETE, "eos_token")


async def test_a_refusal_is_the_answers_text(conversation, upstream):
    upstream.play(chunk({"refusal": "I can't "}), chunk({"refusal": "do that."}), *ENDING)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.text) == (Status.COMPLETE, "I can't do that.")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_reasoning_is_not_mixed_into_the_answer(conversation, upstream, name):
    upstream.play(chunk({name: "Hm"}), chunk({name: ", yes. "}), content("Yes."), *ENDING)

    found = await ended((await send(conversation)).answer)

    assert (found.text, found.reasoning) == ("Yes.", "Hm, yes. ")


async def test_lone_surrogates_and_nul_are_stored_as_something_that_can_be(conversation, upstream):
    # A character in two halves, a half alone, and what PostgreSQL cannot hold.
    upstream.play(content("a\ud83e"), content("\udd8ab\x00c\ud83e"), *ENDING)
    upstream.play(reasoning("\x00\udfff"), content("Hi"), *ENDING)

    first = await ended((await send(conversation)).answer)
    second = await ended((await send(conversation)).answer)

    assert (first.status, first.text) == (Status.COMPLETE, "a🦊b\ufffdc\ufffd")
    assert (second.text, second.reasoning) == ("Hi", "\ufffd\ufffd")


# script, what it is called, the text that is kept
BROKEN = {
    "without finish reason": ([content("Half")], "cut_off", "Half"),
    "without finish reason, with [DONE]": ([content("Half"), done()], "cut_off", "Half"),
    "an error object inside a 200 stream": (
        [content("Half"), {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}],
        "rate_limit",
        "Half",
    ),
    "an error object instead of a stream": (
        json_response({"error": {"code": "server_error", "message": "Boom"}}),
        "server",
        "",
    ),
    "an error event": ([content("Half"), raw(b"event: error\ndata: Oh\n\n")], "server", "Half"),
    "a web page": ([respond(headers={"content-type": "text/html"}), raw(b"<html>")], "server", ""),
    "words": ([raw(b"upstream connect error")], "server", ""),
    "other JSON": ([raw(b'{"status": "ok"}')], "server", ""),
    "malformed JSON": ([content("Half"), raw(b"data: {oh\n\n"), *ENDING], "server", "Half"),
    "reset in mid-stream": ([content("Half"), pause(0.1), reset()], "connection_lost", "Half"),
    "stall in mid-stream": ([content("Half"), hang()], "timeout", "Half"),
}


@pytest.mark.parametrize(("script", "error", "text"), BROKEN.values(), ids=BROKEN)
async def test_it_is_never_complete_and_keeps_what_came(
    conversation, upstream, settings, script, error, text
):
    if error == "timeout":
        settings.UPSTREAM_SILENCE_SECONDS = 0.5
    settings.RETRY_SECONDS = 0
    upstream.play(script)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.error) == (Status.FAILED, error)
    assert found.text == text
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_with_the_key(conversation, upstream, status):
    elsewhere = upstream.base_url.replace("127.0.0.1", "localhost") + "/chat/completions"
    upstream.play(respond(status, {"location": elsewhere}))

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.error) == (Status.FAILED, "bad_request")
    assert "redirect" in found.call.error_detail
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]


# A setting, the script that runs into it, and the words.
LIMITS = {
    "first token": (
        "UPSTREAM_FIRST_TOKEN_SECONDS",
        [role_chunk(), hang()],
        "The provider did not begin to answer within 0.3 s.",
    ),
    "between tokens": (
        "UPSTREAM_SILENCE_SECONDS",
        [content("Half"), hang()],
        "No data for 0.3 s, so we stopped.",
    ),
    "overall": (
        "UPSTREAM_TOTAL_SECONDS",
        words("a " * 200, 0.02),
        "The answer took longer than 0.3 s, so we stopped.",
    ),
}


@pytest.mark.parametrize(("setting", "script", "said"), LIMITS.values(), ids=LIMITS)
async def test_a_time_limit_is_said_by_its_name(
    conversation, upstream, settings, setting, script, said
):
    setattr(settings, setting, 0.3)
    settings.RETRY_SECONDS = 0
    upstream.play(script)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.call.error) == (Status.FAILED, "timeout")
    assert found.call.error_detail == said
    for request in upstream.requests:
        assert await asyncio.to_thread(request.disconnected.wait, PATIENCE)


async def test_words_of_a_provider_are_escaped_bounded_and_without_keys(
    conversation, upstream, settings
):
    nasty = f"<script>alert(1)</script> {settings.OPENAI_API_KEY} {'so it goes ' * 500}"
    upstream.play(error_response(400, None, nasty))
    found = await ended((await send(conversation)).answer)

    page = await sync_to_async(_page_of)(conversation)

    assert found.call.error_detail.startswith("<script>alert(1)</script> [key] so it")
    assert len(found.call.error_detail) <= 500
    assert (escape("<script>alert(1)") in page, "<script>alert(1)" in page) == (True, False)
    assert settings.OPENAI_API_KEY not in page


def _page_of(conversation):
    client = Client()
    client.force_login(conversation.owner)
    return client.get(reverse("conversation", args=[conversation.pk])).content.decode()
