"""Sending, stopping, not waiting, trying again, stepping between versions."""

import uuid

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import aget_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from conversations import threads, transcript, turns
from conversations.forms import MessageForm, RetryForm
from conversations.models import Conversation
from conversations.turns import Admitted, Wish

from .beginnings import begun
from .pages import render_log
from .shell import (
    aown_conversation,
    aperson,
    checked,
    saying_no,
)


@require_POST
@saying_no
async def start(request: HttpRequest) -> HttpResponse:
    """The first message: it makes its conversation, and the page goes there."""
    wish = await _wish(request)
    conversation, system_text = await begun(request)
    examples = conversation.preset.examples if conversation.preset else ()
    user = await aperson(request)
    admitted = await turns.send_first(user, conversation, system_text, wish, examples)
    address = reverse("conversation", args=[admitted.answer.conversation_id])
    return HttpResponse(status=202, headers={"HX-Redirect": address})


@require_POST
@saying_no
async def send(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    user = await aperson(request)
    conversation = await aown_conversation(user, conversation_id)
    wish = await _wish(request)
    admitted = await turns.send(user, conversation, wish)
    return await sync_to_async(_exchange)(request, conversation, admitted)


async def _wish(request: HttpRequest) -> Wish:
    wanted = await checked(MessageForm(request.POST))
    return Wish(wanted["text"], wanted["client_id"], wanted["parent"], wanted["limit"])


def _exchange(request: HttpRequest, conversation: Conversation, admitted: Admitted) -> HttpResponse:
    turns_made = transcript.turns_of(
        conversation, threads.tree(conversation), [admitted.question.pk, admitted.answer.pk]
    )
    context = {"conversation": conversation, "exchange": transcript.Exchange(turns_made)}
    return render(request, "conversations/_exchange.html", context, status=202)


@require_POST
@saying_no
async def retry(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    user = await aperson(request)
    conversation = await aown_conversation(user, conversation_id)
    old = await aget_object_or_404(conversation.messages.select_related("parent"), pk=message_id)
    wanted = await checked(RetryForm(request.POST))
    client_id, model, limit = wanted["client_id"], wanted["model"], wanted["limit"]
    await turns.retry(user, conversation, old, client_id, model, max_tokens=limit)
    await conversation.arefresh_from_db()
    return await sync_to_async(render_log)(request, conversation, 202)


@require_POST
async def stop(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation = await aown_conversation(await aperson(request), conversation_id)
    answer = await aget_object_or_404(conversation.messages, pk=message_id)
    await turns.stop(conversation, answer.pk)
    return HttpResponse(status=204)


@require_POST
async def try_now(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    """Do not wait for the moment of the next try."""
    conversation = await aown_conversation(await aperson(request), conversation_id)
    answer = await aget_object_or_404(conversation.messages, pk=message_id)
    await turns.try_now(conversation, answer.pk)
    return HttpResponse(status=204)


@require_POST
async def switch(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> HttpResponse:
    conversation = await aown_conversation(await aperson(request), conversation_id)
    version = await aget_object_or_404(conversation.messages, pk=message_id)
    changed = await sync_to_async(threads.switch_to)(conversation, version)
    await turns.tell_thread_changed(conversation.pk, changed.number)
    # The comparison's page has no log to put it into.
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation_id=conversation.pk)
    await conversation.arefresh_from_db()
    return await sync_to_async(render_log)(request, conversation)
