"""Everything that speaks to an OpenAI-compatible API, and the demo endpoint that plays one.

    request      what is asked, as the JSON that goes over the wire
    client       the SDK's clients, one for each event loop
    opening      one call, from the request to the closed socket
    stream       its answer as it arrives, within its time limits (deadlines)
      reading    a response body: bytes in, deltas out, and how it ended
        sse, chunks, usage, surrogates
    offered      the models that the API says it has
    rate_limits  what its headers say of the limits that it holds us to
    failures     what a refusal or a broken wire means, in the site's own errors
        complaints, figures, redaction, bounded
    demo/        a small API on this machine, for a site without a key

Only this room imports the SDK, and only inside functions: importing it takes half a second.
"""

from .chunks import Delta
from .client import close, warm
from .offered import offered_models
from .opening import open_stream
from .rate_limits import RateLimits, rate_limits_in
from .request import Request, ignored
from .stream import Stream

__all__ = [
    "Delta",
    "RateLimits",
    "Request",
    "Stream",
    "close",
    "ignored",
    "offered_models",
    "open_stream",
    "rate_limits_in",
    "warm",
]
