"""What the views share: finding what is one's own, and saying no."""

import uuid
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import aget_object_or_404, get_object_or_404, render

from conversations.errors import (
    AnswerRunning,
    CostUnknown,
    DoesNotFit,
    InvalidInput,
    JsonNotMentioned,
    OverBudget,
    Refusal,
    ThreadMoved,
    TooBusy,
    TooLong,
    TooSoon,
)
from conversations.models import Conversation

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponse]]

_ACTIONS: dict[type[Refusal], Sequence[str]] = {
    ThreadMoved: ("show",),
    AnswerRunning: ("show",),
    DoesNotFit: ("settings",),
    TooBusy: ("retry",),
    TooLong: ("settings", "fresh"),
    JsonNotMentioned: ("settings",),
    # A cheaper model, or one whose price is known.
    OverBudget: ("settings",),
    CostUnknown: ("settings",),
}


def person(request: HttpRequest) -> User:
    """Whoever is signed in; SignInMiddleware lets nobody else through."""
    return cast(User, request.user)


def own_conversation(request: HttpRequest, conversation_id: uuid.UUID) -> Conversation:
    """Theirs, or 404: the same for a foreign id and an unknown one."""
    return get_object_or_404(_own(person(request)), pk=conversation_id)


async def aown_conversation(user: User, conversation_id: uuid.UUID) -> Conversation:
    return await aget_object_or_404(_own(user), pk=conversation_id)


def _own(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.owned_by(user).select_related("system_message")


async def aperson(request: HttpRequest) -> User:
    return cast(User, await request.auser())


def blank_conversation(user: User) -> Conversation:
    """Not stored before its first message is."""
    return Conversation(owner=user, title="New chat", model=settings.DEFAULT_MODEL)


def notice(
    request: HttpRequest,
    status: int,
    words: str,
    actions: Sequence[str] = (),
    seconds: int | None = None,
    fits: int | None = None,
) -> HttpResponse:
    """Words where the person looks, above the composer; the draft stays in it.

    Words that say in how many `seconds` it is over count down, and go away by themselves. `fits`
    is how many tokens an answer may have, where the same would be accepted with that limit.
    """
    route = request.resolver_match
    context = {
        "words": words,
        "actions": tuple(actions),
        "seconds": seconds,
        "fits": fits,
        "conversation_id": route.kwargs.get("conversation_id") if route else None,
    }
    response = render(request, "conversations/_notice.html", context, status=status)
    response["HX-Retarget"] = "#notice"
    response["HX-Reswap"] = "innerHTML"
    if seconds is not None:
        response["Retry-After"] = str(seconds)
    return response


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    seconds = refusal.retry_after if isinstance(refusal, TooSoon) else None
    fits = refusal.fits if isinstance(refusal, OverBudget) else None
    actions = () if fits else _ACTIONS.get(type(refusal), ())
    return notice(request, refusal.status, str(refusal), actions, seconds, fits)


def saying_no(view: View[P]) -> View[P]:
    """A view whose refusals are told to the person."""

    @wraps(view)
    async def told(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return await view(request, *args, **kwargs)
        except Refusal as refusal:
            return await sync_to_async(refused)(request, refusal)

    return told


async def checked(form: Form) -> dict[str, Any]:
    """What a form holds. Raises InvalidInput; some forms ask the database."""
    if not await sync_to_async(form.is_valid)():
        raise _wrong(form)
    return form.cleaned_data


def invalid(request: HttpRequest, form: Form) -> HttpResponse:
    return refused(request, _wrong(form))


def _wrong(form: Form) -> InvalidInput:
    """The first thing that is wrong with a form, in its own words."""
    words = next(
        (str(message) for messages in form.errors.values() for message in messages),
        "That cannot be sent.",
    )
    return InvalidInput(words)
