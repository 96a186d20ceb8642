from typing import Any, cast

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path, re_path

from conversations.consumers import NO_LAYER, NOT_FOUND, ConversationConsumer


class NoSuchSocket(AsyncWebsocketConsumer):
    channel_layer_alias = NO_LAYER

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


websocket_urlpatterns = [
    path("ws/c/<uuid:conversation_id>/", cast(Any, ConversationConsumer.as_asgi())),
    # Without this an unknown path is a traceback in the log.
    re_path("", cast(Any, NoSuchSocket.as_asgi())),
]
