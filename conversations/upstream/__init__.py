"""Everything that speaks to an OpenAI-compatible API, and the demo endpoint that plays one.

    request      what is asked, as the JSON that goes over the wire
    client       the SDK's clients, one for each event loop
    opening      one call, from the request to the closed socket
    stream       its answer as it arrives, within its time limits (deadlines)
      reading    a response body: bytes in, deltas out, and how it ended
        sse, chunks, usage, surrogates
    failures     what a refusal or a broken wire means, in the site's own errors
        complaints, redaction, bounded
    demo/        a small API on this machine, for a site without a key

Only this room imports the SDK, and only inside functions: importing it takes half a second.
"""

from .chunks import Delta
from .client import close, warm
from .opening import open_stream
from .request import Request
from .stream import Stream

__all__ = ["Delta", "Request", "Stream", "close", "open_stream", "warm"]
