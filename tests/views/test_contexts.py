"""What was sent, as the drawer shows it."""

import asyncio
import re
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations import threads
from conversations.context import canonical_json
from conversations.models import Completion, Message, Origin, Role, Summary
from tests.people import make_conversation, say
from tests.turns_kit import ended
from tests.upstream_server import answer, content, done, error_response, hang, role_chunk, usage
from tests.views.drawers import *  # noqa: F403
from tests.views.drawers import TEXT, body_of, drawer, preview, received, send, words


async def test_the_drawer_tells_all_that_is_known_of_the_call(page, talk, upstream):
    upstream.play(*answer("Briefly.", prompt=500, completion=2))

    found = await send(page, talk)

    said = words(await drawer(page, found))
    call = await found.completions.aget()
    more = 500 - call.estimated_prompt_tokens
    assert f"{call.estimated_prompt_tokens:,} estimated · 500 actual · {more:+,} (" in said
    assert "Upstream id chatcmpl-test" in said
    assert "Model asked house-model" in said
    assert "Model that answered test-model" in said
    assert "Fingerprint fp_test" in said
    assert "Finish reason stop" in said
    assert "temperature 0.5" in said
    assert "max_tokens 256" in said
    assert re.search(r"Time to first token \d+\.\d s Duration \d+\.\d s", said)


async def test_a_message_that_was_tampered_with_is_shown_as_such(page, talk, upstream):
    found = await send(page, talk)
    last = await Message.objects.aget(text__startswith="Of mate there is a lot to say, 9.")
    await Message.objects.filter(pk=last.pk).aupdate(text=last.text.replace("mate", "mint"))

    response = await drawer(page, found)

    assert re.search(r"This is not what was sent: message \d+ was changed since\.", words(response))
    assert "Changed since: this is not the text that was sent." in words(response)
    assert body_of(response) is None
    assert "data-copy-json" not in response.content.decode()


async def test_a_record_that_was_tampered_with_is_shown_as_such(page, talk, upstream):
    found = await send(page, talk)
    call = await found.completions.aget()
    call.context.pop()
    await call.asave()

    assert (
        "This is not what was sent: the SHA-256 of these messages is not that of the array that"
        " was sent." in words(await drawer(page, found))
    )


async def test_a_deleted_message_is_said_to_be_deleted(page, talk, upstream):
    found = await send(page, talk)
    last = await Message.objects.aget(text__startswith="Of mate there is a lot to say, 9.")
    await sync_to_async(threads.delete)(last)

    said = words(await drawer(page, found))

    assert "Deleted since." in said
    assert last.text not in said
    assert "Cannot be shown whole: a message was deleted since; the rest is as it was sent." in said


async def test_a_summary_leads_to_the_call_that_wrote_it(page, talk, upstream):
    talk.strategy, talk.strategy_numbers = "summary", {"summary_tokens": 150}
    await talk.asave()

    found = await send(page, talk)

    after = await drawer(page, found)
    call = (await found.completions.aget()).context[1]["summary"]
    wrote = await Summary.objects.values_list("call_id", flat=True).aget(pk=call)
    address = f"/c/{talk.pk}/calls/{wrote}/"
    assert address in after.content.decode()
    assert "Here's what was discussed:" in words(after)
    own = await page.get(address)
    assert "This call was made to write a summary" in words(own)
    assert "Proved" in words(own)
    assert "Instruction of this app" in words(own)


async def test_a_failed_answer_has_its_call(page, talk, upstream):
    upstream.play(error_response(400, "bad", "No such thing"))

    found = await send(page, talk)

    response = await drawer(page, found)
    assert "The provider did not accept this request: No such thing" in words(response)
    assert canonical_json(body_of(response)) == canonical_json(received(upstream))


async def test_a_running_answer_has_its_call(page, talk, upstream):
    upstream.play(role_chunk(), content("Half"), hang())
    await talk.arefresh_from_db()
    wish = {"text": TEXT, "client_id": str(uuid.uuid4()), "parent": str(talk.current_leaf_id)}
    await page.post(f"/c/{talk.pk}/messages/", wish)
    await asyncio.to_thread(upstream.wait_for_request)
    found = await Message.objects.filter(role=Role.ASSISTANT).alatest("created_at")

    response = await drawer(page, found)

    assert "still running" in words(response)
    assert canonical_json(body_of(response)) == canonical_json(received(upstream))
    await page.post(f"/c/{talk.pk}/messages/{found.pk}/stop/")
    await ended(found)


async def test_each_continuation_is_a_call_of_its_own(page, talk, upstream):
    upstream.play(role_chunk(), content("Half an "), usage(5, 2), done())
    upstream.play(*answer("answer."))
    found = await send(page, talk)
    asked = {"client_id": str(uuid.uuid4())}

    response = await page.post(f"/c/{talk.pk}/messages/{found.pk}/continue/", asked)
    assert response.status_code == 202, response.content
    await ended(found)

    newest, first = await drawer(page, found), await found.completions.aearliest("pk")
    assert "Attempt 2 of 2 1: broke off 2: continued, stop" in words(newest)
    assert "Instruction of this app" in words(newest)
    assert [each["content"] for each in body_of(newest)["messages"][-2:]] == [
        "Half an ",
        "Continue exactly where your last message stopped. Repeat nothing of it.",
    ]
    earlier = await drawer(page, found, call=first.pk)
    assert "Attempt 1 of 2" in words(earlier)
    assert canonical_json(body_of(earlier)) == canonical_json(upstream.requests[0].body)


async def test_a_copy_shows_the_call_of_its_original(page, talk, upstream):
    found = await send(page, talk)
    branch = await sync_to_async(threads.branch_off)(talk, found)
    copy = await branch.messages.aget(copied_from=found)

    response = await drawer(page, copy)

    assert "This message is a copy." in words(response)
    assert canonical_json(body_of(response)) == canonical_json(received(upstream))


async def test_a_fresh_start_shows_what_it_was_made_from(page, talk, upstream):
    asked = {"client_id": str(uuid.uuid4())}

    response = await page.post(f"/c/{talk.pk}/fresh/", asked)
    made = await Message.objects.exclude(conversation=talk).aget(role=Role.ASSISTANT)
    await ended(made)

    assert response.headers["HX-Redirect"] == f"/c/{made.conversation_id}/"
    after = await drawer(page, made)
    assert "Proved" in words(after)
    assert canonical_json(body_of(after)) == canonical_json(upstream.requests[-1].body)


async def test_a_message_without_a_call_says_so(page, talk):
    written = await sync_to_async(say)(talk, Role.ASSISTANT, "By hand", origin=Origin.WRITTEN)

    assert "No call has been made for this message." in words(await drawer(page, written))


# --- the doors --------------------------------------------------------------------------------


@pytest.fixture
def foreign(bob):
    talk = make_conversation(bob)
    answer = say(talk, Role.ASSISTANT, "Secret")
    call = Completion.objects.create(message=answer, conversation=talk, user=bob, model="m")
    return talk, answer, call


async def test_a_strangers_are_404(page, foreign):
    talk, message, call = foreign

    assert (await drawer(page, message)).status_code == 404
    assert (await preview(page, talk)).status_code == 404
    assert (await page.get(f"/c/{talk.pk}/calls/{call.pk}/")).status_code == 404


async def test_a_strangers_call_is_404_in_ones_own_chat(page, talk, foreign):
    own = await Message.objects.filter(conversation=talk, role=Role.ASSISTANT).afirst()

    assert (await page.get(f"/c/{talk.pk}/calls/{foreign[2].pk}/")).status_code == 404
    assert (await drawer(page, own, call=foreign[2].pk)).status_code == 404
    assert (await page.get(f"/c/{talk.pk}/messages/{foreign[1].pk}/context/")).status_code == 404


@pytest.mark.parametrize("number", ["0", "9" * 30, "x"])
async def test_an_unknown_call_is_404(page, talk, number):
    own = await Message.objects.filter(conversation=talk, role=Role.ASSISTANT).afirst()

    assert (await drawer(page, own, call=number)).status_code == 404
    assert (await page.get(f"/c/{talk.pk}/calls/{number}/")).status_code == 404


async def test_who_is_not_signed_in_sees_nothing(talk):
    own = await Message.objects.filter(conversation=talk, role=Role.ASSISTANT).afirst()
    nobody = AsyncClient()

    assert (await drawer(nobody, own)).status_code == 302
    assert (await preview(nobody, talk)).status_code == 302
    assert (await nobody.post("/preview/")).status_code == 302


async def test_methods_are_kept_apart(page, talk):
    own = await Message.objects.filter(conversation=talk, role=Role.ASSISTANT).afirst()

    assert (await page.post(f"/c/{talk.pk}/messages/{own.pk}/context/")).status_code == 405
    assert (await page.post(f"/c/{talk.pk}/calls/1/")).status_code == 405
    assert (await page.get(f"/c/{talk.pk}/preview/")).status_code == 405
    assert (await page.get("/preview/")).status_code == 405
