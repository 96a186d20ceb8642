"""Markdown of a model to HTML that is safe to insert: whole, and while it is being written.

    source ─▶ parser ─▶ blocks ─▶ html ─▶ allowed      everything leaves through the sanitiser
                │                  │
        maths, tables       code, mathml, verbatim

    answer     either, or JSON that was asked for, as a block of code

`render` gives the canonical HTML. `StreamRenderer` gives the same piece by piece: what is settled
never changes, only the tail does. Everything is bounded, in `limits`. Nothing here knows Django:
HTML is `str`, and whoever shows it marks it as safe.
"""

from .answer import answer_renderer, render_answer
from .page import Snapshot, Update
from .stream import StreamRenderer
from .whole import render

# Stored beside the HTML. Count it up when the same text gives other HTML.
RENDERER_VERSION = 1

__all__ = [
    "RENDERER_VERSION",
    "Snapshot",
    "StreamRenderer",
    "Update",
    "answer_renderer",
    "render",
    "render_answer",
]
