"""A turn: from a message at the door to its answer's one ending.

send, send_first, retry   admission, then a task of this process
stop                      asks; the runner ends
start_sweeping, shutdown endings for what nobody writes any more
"""

from .admission import Admitted, Wish
from .background import (
    retry,
    send,
    send_first,
    shutdown,
    start_sweeping,
    stop,
    tell_thread_changed,
)
from .draft import Draft, limits_of, make_draft
from .live import Shown, shown

__all__ = [
    "Admitted",
    "Draft",
    "Shown",
    "Wish",
    "limits_of",
    "make_draft",
    "retry",
    "send",
    "send_first",
    "shown",
    "shutdown",
    "start_sweeping",
    "stop",
    "tell_thread_changed",
]
