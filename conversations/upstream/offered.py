"""The models that the API says it has, for a person to choose from.

Nothing depends on the list: where there is none, it is empty, and a model's name can be typed.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.conf import settings

from conversations import errors

from .client import Destination, current_client
from .failures import NOT_AN_ANSWER, NOT_JSON, TOO_LONG, failure_from

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

# Seconds that the list may take, from the first byte sent to the last one read.
LIST_SECONDS = 5.0
# Seconds that a list is kept, and an empty one, which may be a fault that passes.
KEPT_SECONDS = 300.0
EMPTY_KEPT_SECONDS = 30.0
# Bytes of a list that are read. The longest known, with a description of each model, has one
# million.
MAX_LIST_BYTES = 4_000_000
MAX_MODELS = 1_000

# A name that can be sent back, shown and stored; at most 100 characters.
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}", re.ASCII)

# What was told, and until when (of time.monotonic) it counts.
_kept: dict[Destination, tuple[tuple[str, ...], float]] = {}
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def offered_models() -> tuple[str, ...]:
    """The ids of the API's own list, in its order; empty where it has none to tell."""
    async with _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        try:
            client = await current_client()
            destination = Destination(str(client.base_url), client.api_key)
            if destination not in _still_kept():
                ids = await _ask(client)
                kept_seconds = KEPT_SECONDS if ids else EMPTY_KEPT_SECONDS
                _kept[destination] = ids, time.monotonic() + kept_seconds
            return _kept[destination][0]
        except Exception as exception:
            _log_failure(exception)
            return ()


def _still_kept() -> dict[Destination, tuple[tuple[str, ...], float]]:
    now = time.monotonic()
    for destination in [one for one, (_, until) in _kept.items() if until <= now]:
        _kept.pop(destination, None)
    return _kept


async def _ask(client: "AsyncOpenAI") -> tuple[str, ...]:
    timer = asyncio.timeout(LIST_SECONDS)
    try:
        async with timer:
            body = await _body(client)
        return tuple(await asyncio.to_thread(_ids, body))
    except Exception as exception:
        words = f"The list took longer than {LIST_SECONDS:g} s."
        _log_failure(errors.TimedOut(words) if timer.expired() else exception)
        return ()


def _log_failure(exception: Exception) -> None:
    """Raises what is no provider's fault but our own."""
    failure = failure_from(exception)
    if failure is None:
        raise exception
    log.warning("the provider told no models: %s %s", failure.code, failure.detail)


async def _body(client: "AsyncOpenAI") -> bytes:
    import httpx2

    body = bytearray()
    timeout = httpx2.Timeout(None, connect=settings.UPSTREAM_CONNECT_SECONDS)
    async with client.models.with_streaming_response.list(timeout=timeout) as response:
        async for data in response.http_response.aiter_bytes():
            body += data
            if len(body) > MAX_LIST_BYTES:
                raise errors.ServerFailed(TOO_LONG)
    return bytes(body)


def _ids(body: bytes) -> list[str]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.ServerFailed(NOT_JSON) from None
    # Some servers send the bare list.
    listed = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(listed, list):
        raise errors.ServerFailed(NOT_AN_ANSWER)
    return list(dict.fromkeys(_usable_ids(listed)))[:MAX_MODELS]


def _usable_ids(listed: list[object]) -> Iterator[str]:
    for model in listed:
        name = model.get("id") if isinstance(model, dict) else None
        if isinstance(name, str) and _MODEL_ID.fullmatch(name):
            yield name
