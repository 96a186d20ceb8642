"""What carries hints between processes: Redis where there is one, else this process' memory."""

import hashlib

from chatsite.environment import is_url, note


def channel_layer(redis_url: str, secret_key: str) -> dict[str, object]:
    if not redis_url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if not (is_url(redis_url, "redis", "rediss") or redis_url.startswith("unix://")):
        note("REDIS_URL must be like redis://host:6379/0.")
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": redis_url, "socket_timeout": None}],
            # Pub/sub knows no database numbers: two sites on one Redis must not hear each other.
            "prefix": f"chatsite-{hashlib.sha256(secret_key.encode()).hexdigest()[:12]}",
        },
    }
