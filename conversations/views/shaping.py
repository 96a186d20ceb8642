"""What a person does to a thread: another version, a message by hand, what counts and what does
not, a chat of its own out of it. Whatever changes the thread answers with the whole log.
"""

import uuid

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import aget_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from conversations import threads, turns
from conversations.forms import (
    AnswerForm,
    EditForm,
    StandingForm,
    WriteForm,
)
from conversations.models import Conversation, Message, Role, title_from

from .beginnings import begun
from .pages import render_log
from .shell import aown_conversation, aperson, checked, saying_no


async def find(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> tuple[Conversation, Message]:
    """One's own, or 404; the settings' system message is no part of the thread."""
    conversation = await aown_conversation(await aperson(request), conversation_id)
    nodes = conversation.messages.in_thread().select_related("parent", "conversation")
    return conversation, await aget_object_or_404(nodes, pk=message_id)


async def _asked(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """The log with the answer that is on its way."""
    await conversation.arefresh_from_db()
    return await sync_to_async(render_log)(request, conversation, 202)


async def _changed(request: HttpRequest, changed: threads.Changed) -> HttpResponse:
    """The log, and which of its turns to look at."""
    message = changed.message
    await turns.tell_thread_changed(message.conversation_id, changed.number)
    conversation = await Conversation.objects.aget(pk=message.conversation_id)
    response = await sync_to_async(render_log)(request, conversation)
    response["Chat-Turn"] = str(message.pk)
    return response


def _go_to(conversation_id: uuid.UUID) -> HttpResponse:
    address = reverse("conversation", args=[conversation_id])
    return HttpResponse(status=202, headers={"HX-Redirect": address})


# --- with an answer -------------------------------------------------------------------------


@require_POST
@saying_no
async def edit(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    """Another version: of a person's message with its answer, of any other as it is written."""
    conversation, old = await find(request, conversation_id, message_id)
    wanted = await checked(EditForm(request.POST))
    text, client_id = wanted["text"], wanted["client_id"]
    if old.role != Role.USER or wanted["send"] == "no":
        changed = await sync_to_async(threads.rewrite)(conversation, old, text, client_id)
        return await _changed(request, changed)
    user = await aperson(request)
    await turns.edit(user, conversation, old, text, client_id, max_tokens=wanted["limit"])
    return await _asked(request, conversation)


@require_POST
@saying_no
async def continue_answer(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation, answer = await find(request, conversation_id, message_id)
    wanted = await checked(AnswerForm(request.POST))
    user = await aperson(request)
    client_id, limit = wanted["client_id"], wanted["limit"]
    await turns.continue_answer(user, conversation, answer, client_id, max_tokens=limit)
    return await _asked(request, conversation)


@require_POST
@saying_no
async def answer(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation, question = await find(request, conversation_id, message_id)
    wanted = await checked(AnswerForm(request.POST))
    user, client_id, limit = await aperson(request), wanted["client_id"], wanted["limit"]
    await turns.answer(user, conversation, question, client_id, max_tokens=limit)
    return await _asked(request, conversation)


@require_POST
@saying_no
async def fresh_start(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    user = await aperson(request)
    conversation = await aown_conversation(user, conversation_id)
    wanted = await checked(AnswerForm(request.POST))
    client_id, limit = wanted["client_id"], wanted["limit"]
    admitted = await turns.fresh_start(user, conversation, client_id, max_tokens=limit)
    return _go_to(admitted.answer.conversation_id)


# --- by hand --------------------------------------------------------------------------------


@require_POST
@saying_no
async def write(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation, after = await find(request, conversation_id, message_id)
    return await _write(request, conversation, after)


@require_POST
@saying_no
async def write_at_start(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversation = await aown_conversation(await aperson(request), conversation_id)
    return await _write(request, conversation, None)


async def _write(
    request: HttpRequest, conversation: Conversation, after: Message | None
) -> HttpResponse:
    wanted = await checked(WriteForm(request.POST))
    changed = await sync_to_async(threads.write)(conversation, after, **wanted)
    return await _changed(request, changed)


@require_POST
@saying_no
async def write_new(request: HttpRequest) -> HttpResponse:
    """A chat that begins with what somebody wrote by hand."""
    wanted = await checked(WriteForm(request.POST))
    conversation, system_text = await begun(request)
    examples = conversation.preset.examples if conversation.preset else ()
    conversation.title = title_from(wanted["text"])
    begin = sync_to_async(threads.begin)
    made = await begin(conversation, system_text, examples=examples, **wanted)
    return _go_to(made.conversation_id)


# --- what counts ----------------------------------------------------------------------------


@require_POST
@saying_no
async def standing(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    _, message = await find(request, conversation_id, message_id)
    wanted = await checked(StandingForm(request.POST))
    changed = await sync_to_async(threads.set_standing)(message, wanted["standing"])
    return await _changed(request, changed)


@require_POST
@saying_no
async def delete(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    _, message = await find(request, conversation_id, message_id)
    return await _changed(request, await sync_to_async(threads.delete)(message))


@require_POST
@saying_no
async def restore(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    _, message = await find(request, conversation_id, message_id)
    return await _changed(request, await sync_to_async(threads.restore)(message))


@require_POST
@saying_no
async def branch(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation, message = await find(request, conversation_id, message_id)
    wanted = await checked(AnswerForm(request.POST))
    made = await sync_to_async(threads.branch_off)(conversation, message, wanted["client_id"])
    return _go_to(made.pk)
