"""Channel layers that lose what they carry, and the settings of a site that has one.

DJANGO_SETTINGS_MODULE=tests.processes.lossy LOSS=0.2 drops one hint in five, LOSS=1 all of them.
"""

import os
import random

from channels_redis.pubsub import RedisPubSubChannelLayer

from chatsite.settings import *  # noqa: F403 - the site's own, with another layer

CHANNEL_LAYERS["default"]["BACKEND"] = "tests.processes.lossy.LossyLayer"  # noqa: F405

LOSS = float(os.environ.get("LOSS", "0.2"))


def is_lost(message):
    return message["type"] == "hint" and random.random() < LOSS


class LossyLayer(RedisPubSubChannelLayer):
    """Loses hints on their way out and says nothing, as a full or broken one does.

    What /readyz sends itself arrives: a site that is not ready is not tried.
    """

    async def send(self, channel, message):
        if not is_lost(message):
            await self._get_layer().send(channel, message)

    async def group_send(self, group, message):
        if not is_lost(message):
            await self._get_layer().group_send(group, message)
