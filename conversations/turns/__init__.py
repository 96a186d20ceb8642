"""A turn: from a message at the door to its answer's one ending.

send, send_first, edit, retry,       admission, then a task of this process
answer, continue_answer, fresh_start
stop                                 asks; the runner ends
prepare                              a summary, before it is needed
start_sweeping, shutdown             endings for what nobody writes any more
make_draft                           what would be sent: preview and call alike
"""

from .admission import Admitted, Wish
from .background import (
    answer,
    continue_answer,
    edit,
    fresh_start,
    prepare,
    retry,
    send,
    send_first,
    shutdown,
    start_sweeping,
    stop,
    tell_thread_changed,
)
from .draft import Draft, make_draft
from .limits import limits_of
from .live import Shown, shown

__all__ = [
    "Admitted",
    "Draft",
    "Shown",
    "Wish",
    "answer",
    "continue_answer",
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
]
