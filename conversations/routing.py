from typing import Any, cast

from django.urls import path, re_path

from conversations.consumers import ConversationConsumer, NoSuchSocket

websocket_urlpatterns = [
    path("ws/c/<uuid:conversation_id>/", cast(Any, ConversationConsumer.as_asgi())),
    # Without this an unknown path is a traceback in the log.
    re_path("", cast(Any, NoSuchSocket.as_asgi())),
]
