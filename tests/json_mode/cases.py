"""What several tests of JSON mode ask about."""

import time
from contextlib import contextmanager

from conversations.json_mode import (
    problem_of,
    schema_in,
)

PEOPLE = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"age": {"type": "integer", "minimum": 0}},
                "required": ["age"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["people"],
}
WHOLE = {"name": "people", "strict": True, "description": "All of them.", "schema": PEOPLE}

# A text that (a+)+$ takes years to tell from one that fits.
ENDLESS = "(a+)+$"
UNFITTING = "a" * 60 + "!"


def problem(text, schema=None, *, is_cut_off=False):
    kind = "json_object" if schema is None else "json_schema"
    return problem_of(text, kind, schema, is_cut_off)


def nested(depth, inner=""):
    return "[" * depth + inner + "]" * depth


def refusal_of(text):
    """Why a typed schema is refused; "" where it is not."""
    try:
        schema_in(text)
    except ValueError as refusal:
        return str(refusal)
    return ""


@contextmanager
def quick(seconds):
    """The work is bounded: by the processor's time, whatever else the machine does."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < 5 * seconds
