"""The demo: a small OpenAI-compatible API inside this process, for a site without a key.

It listens on 127.0.0.1 at a port that the kernel chooses, knows one random key, and is spoken
to like any provider: by the SDK, over HTTP.

    endpoint     the listener and its routes
    reply        one reply: its text, its honest usage, and its pace
    answers      what the demo says; its longer texts are in pieces/
    sample       a value of the shape that a JSON Schema asks for
    question     a request body, checked as the API would check it
    wire         HTTP/1.1 on one connection
"""

from .endpoint import DemoEndpoint
from .question import ENCODING

__all__ = ["ENCODING", "DemoEndpoint"]
