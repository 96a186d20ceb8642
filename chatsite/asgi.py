"""What Daphne serves: pages over HTTP, answers as they arrive over websockets."""

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - needs the app registry
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from chatsite import lifecycle  # noqa: E402
from chatsite.leaving import Requests  # noqa: E402
from chatsite.sockets import OriginCheck, ThreadShards  # noqa: E402
from conversations.routing import websocket_urlpatterns  # noqa: E402

routes: Any = URLRouter(cast(Any, websocket_urlpatterns))
sockets: Any = ThreadShards(OriginCheck(cast(Any, AuthMiddlewareStack(routes))))
application = ProtocolTypeRouter({"http": Requests(pages), "websocket": sockets})
lifecycle.attach()
