"""A turn: from a message at the door to its answer's one ending.

send, send_first, edit, retry,       admission, then a task of this process
answer, continue_answer, fresh_start
stop, try_now                        ask; the runner ends, the line lets it go
prepare                              a summary, before it is needed
watch                                what one in line waits for, from now on
start_sweeping, drain, shutdown      endings for what nobody writes any more
make_draft                           what would be sent: preview and call alike
"""

from .admission import Admitted, Wish
from .background import (
    answer,
    continue_answer,
    drain,
    edit,
    fresh_start,
    prepare,
    retry,
    send,
    send_first,
    shutdown,
    start_sweeping,
    stop,
    try_now,
)
from .dispatch import watch
from .drafting.draft import Draft, make_draft
from .drafting.limits import limits_of
from .sharing.changes import tell_thread_changed
from .sharing.live import Shown, shown

__all__ = [
    "Admitted",
    "Draft",
    "Shown",
    "Wish",
    "answer",
    "continue_answer",
    "drain",
    "edit",
    "fresh_start",
    "limits_of",
    "make_draft",
    "prepare",
    "retry",
    "send",
    "send_first",
    "shown",
    "shutdown",
    "start_sweeping",
    "stop",
    "tell_thread_changed",
    "try_now",
    "watch",
]
