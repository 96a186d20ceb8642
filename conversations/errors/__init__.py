"""What can go wrong, and what it means for the person.

    ChatError
    ├── Refusal                  nothing was stored; the draft stays with the person
    │   ├── InvalidInput         422
    │   ├── DoesNotFit           422  the prompt exceeds the model's window
    │   │   └── TooLong          422  and nothing may be left out
    │   ├── JsonNotMentioned     422  JSON mode, and no message says so
    │   ├── OverBudget           402  it could cost more than is left
    │   ├── CostUnknown          402  nobody knows what, and there is a budget
    │   ├── ThreadMoved          409  this conversation went on elsewhere
    │   ├── AnswerRunning        409  one answer at a time
    │   ├── TooBusy              429  the line before the provider is full
    │   ├── TooManyWaiting       429  one's own share of it is
    │   └── TooSoon              429  as many messages as one may send in a minute
    └── UpstreamError            a call that began and did not end well
        ├── AuthenticationFailed the site's key was not accepted
        ├── BadRequest           the request was not accepted
        │   └── ContextLengthExceeded
        ├── RateLimited          (retryable)
        ├── AskedToWait          it, or a failure, with a wait longer than we would wait
        ├── QuotaSpent           the site's own account has no money left
        ├── TimedOut             no first token, silence, too long  (retryable)
        │   └── NoConnection     not even a connection in time
        ├── Unreachable          no connection  (retryable)
        │   └── ConnectionLost   it broke later
        ├── ServerFailed         5xx, or an answer that is not the API's  (retryable)
        ├── CutOff               the stream ended without a finish reason  (retryable)
        ├── QueueTimedOut        stood in line for too long; nothing was called
        ├── NeverBegun           whoever was to call it died or hung, again and again
        └── Unexpected           a fault of our own; the log has it

`code` is what the ledger stores; `words_for` turns it back into words.

    words       what all have in common: code, detail, words
    refusals    of ours, before anything is stored
    failures    of a call, or on the way to one
"""

from .failures import (
    AskedToWait,
    AuthenticationFailed,
    BadRequest,
    ConnectionLost,
    ContextLengthExceeded,
    CutOff,
    NeverBegun,
    NoConnection,
    QueueTimedOut,
    QuotaSpent,
    RateLimited,
    ServerFailed,
    TimedOut,
    Unexpected,
    Unreachable,
    UpstreamError,
)
from .refusals import (
    AnswerRunning,
    CostUnknown,
    DoesNotFit,
    InvalidInput,
    JsonNotMentioned,
    OverBudget,
    Refusal,
    ThreadMoved,
    TooBusy,
    TooLong,
    TooManyWaiting,
    TooSoon,
    is_refusal,
)
from .words import ChatError, words_for

__all__ = [
    "AnswerRunning",
    "AskedToWait",
    "AuthenticationFailed",
    "BadRequest",
    "ChatError",
    "ConnectionLost",
    "ContextLengthExceeded",
    "CostUnknown",
    "CutOff",
    "DoesNotFit",
    "InvalidInput",
    "JsonNotMentioned",
    "NeverBegun",
    "NoConnection",
    "OverBudget",
    "QueueTimedOut",
    "QuotaSpent",
    "RateLimited",
    "Refusal",
    "ServerFailed",
    "ThreadMoved",
    "TimedOut",
    "TooBusy",
    "TooLong",
    "TooManyWaiting",
    "TooSoon",
    "Unexpected",
    "Unreachable",
    "UpstreamError",
    "is_refusal",
    "words_for",
]
