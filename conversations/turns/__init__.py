"""A turn: from a message at the door to its answer's one ending.

send, send_first, edit, retry,       admission, then a task of this process
answer, continue_answer, fresh_start
stop, try_now                        ask; the runner ends, the line lets it go
prepare                              a summary, before it is needed
watch                                what one in line waits for, from now on
start_sweeping, drain, shutdown      endings for what nobody writes any more
make_draft, refusal_of               what would be sent: preview and call alike; may it be paid for
"""

from .background import (
    answer,
    continue_answer,
    edit,
    fresh_start,
    prepare,
    retry,
    send,
    send_first,
    stop,
    try_now,
)
from .dispatch import watch
from .drafting.affording import refusal_of
from .drafting.draft import Draft, make_draft
from .drafting.limits import limits_of
from .once import Admitted, Wish
from .process import drain, shutdown, start_sweeping
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
    "refusal_of",
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
