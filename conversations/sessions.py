"""Sockets that end with a session, in whichever process they are.

Hints may be lost: each socket asks now and then whether its session still holds.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from conversations.turns.sharing import others


class Socket(Protocol):
    """Both are called on the event loop that it lives on."""

    def end_session(self) -> None: ...

    def check_session(self) -> None: ...


_sockets: dict[Socket, tuple[asyncio.AbstractEventLoop, str, str]] = {}


def enter(socket: Socket, session_key: str, user_id: object) -> None:
    loop = asyncio.get_running_loop()
    _sockets[socket] = (loop, _digest(session_key), str(user_id))


def leave(socket: Socket) -> None:
    _sockets.pop(socket, None)


def end(session_key: str) -> None:
    """Somebody has signed out. May be called from any thread."""
    digest = _digest(session_key)
    _end_here(digest)
    others.say_soon("session_ended", session=digest)


def note_new_password(user_id: object) -> None:
    """Sessions under the old one have ended. May be called from any thread."""
    _check_here(str(user_id))
    others.say_soon("password_changed", user=str(user_id))


def still_holds(session_key: str, user_id: object) -> bool:
    """Whether this person is signed in under this key; asks the database."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return bool(get_user(request).pk == user_id)


def _digest(session_key: str) -> str:
    """The key itself is a secret."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def _end_here(digest: str) -> None:
    for socket, (loop, session, _) in tuple(_sockets.items()):
        if session == digest:
            loop.call_soon_threadsafe(socket.end_session)


def _check_here(user: str) -> None:
    for socket, (loop, _, owner) in tuple(_sockets.items()):
        if owner == user:
            loop.call_soon_threadsafe(socket.check_session)


async def _hear_end(hint: Mapping[str, Any]) -> None:
    _end_here(hint["session"])


async def _hear_new_password(hint: Mapping[str, Any]) -> None:
    _check_here(hint["user"])


others.listen("session_ended", _hear_end)
others.listen("password_changed", _hear_new_password)
