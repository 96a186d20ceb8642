"""An answer as it is shown: Markdown, or the JSON that it was asked for as a block of code."""

from conversations import json_mode

from .stream import StreamRenderer
from .whole import render

# Longer than any fence that could stand in JSON at the beginning of a line.
FENCE = "~~~~~~~~"
OPENING = f"{FENCE}json\n"


def render_answer(text: str, *, is_json: bool) -> str:
    """The canonical HTML of an answer."""
    if not is_json or not text:
        return render(text)
    return render(f"{OPENING}{json_mode.formatted(text)}\n{FENCE}\n")


def answer_renderer(text: str, *, is_json: bool) -> StreamRenderer:
    """A renderer for what follows this text; of JSON, as it comes."""
    renderer = StreamRenderer()
    renderer.feed(f"{OPENING}{text}" if is_json else text)
    return renderer
