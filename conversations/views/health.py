"""For whoever watches the site from outside: is the process there, is it to be asked?

Both answer in any case: a process whose database hangs says so within seconds, however often it
is asked meanwhile.
"""

import asyncio
import uuid

from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from conversations.models import Gate
from conversations.turns import draining

from .patience import Asking, AskingDatabase

# One for the whole process: a channel of the layer is not given back by being heard.
CHANNEL = f"ready.{uuid.uuid4().hex}"
AGAIN_SECONDS = 0.2  # until what the layer has not carried is sent once more


@login_not_required
@never_cache
async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
async def readyz(request: HttpRequest) -> HttpResponse:
    if draining.is_draining():
        return JsonResponse({"draining": True}, status=503)
    database, layer = await asyncio.gather(_database.ask(), _layer.ask())
    parts = {"database": bool(database), "layer": layer}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _reads() -> bool:
    """Whether the database answers, and has this app's tables."""
    Gate.objects.exists()
    return True


async def _carries_a_message() -> None:
    """Through the channel layer and back."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("there is no channel layer")
    word = uuid.uuid4().hex

    async def hear() -> None:
        while (await layer.receive(CHANNEL)).get("word") != word:
            pass

    hearing = asyncio.create_task(hear())
    try:
        while not hearing.done():
            await layer.send(CHANNEL, {"type": "ready", "word": word})
            await asyncio.wait({hearing}, timeout=AGAIN_SECONDS)
        hearing.result()
    finally:
        hearing.cancel()


_database = AskingDatabase(_reads)
_layer = Asking(_carries_a_message)
