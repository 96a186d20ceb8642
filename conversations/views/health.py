"""For whoever watches the site from outside: is the process there, are its parts?"""

import asyncio

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

PATIENCE = 3  # seconds for the channel layer to carry one message


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
async def readyz(request: HttpRequest) -> HttpResponse:
    parts = {"database": await sync_to_async(_database)(), "layer": await _layer()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


async def _layer() -> bool:
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        async with asyncio.timeout(PATIENCE):
            channel = await layer.new_channel()
            await layer.send(channel, {"type": "ready"})
            await layer.receive(channel)
    except Exception:  # whatever a broken layer raises: it is not ready
        return False
    return True
