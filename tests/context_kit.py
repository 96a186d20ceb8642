"""Threads in short, for tests of the pure builder.

Every text weighs 6 tokens. With its frame of 4 (3 and its role) a message takes 10, and 3 more
open the answer: see tests/test_tokens.py.
"""

import uuid

from conversations.context import Material, Piece, build

FRAME, REPLY = 4, 3
ROLES = {"s": "system", "u": "user", "a": "assistant"}


def piece(role, text, tokens=6, **more):
    return Piece(uuid.uuid4(), role, text, tokens if text else 0, **more)


def path(*texts):
    """Pieces from "u: Hi" (a person's) and "a: Hello" (an answer); "u! Hi" is pinned and "u- Hi"
    is excluded."""
    return [
        piece(
            ROLES[text[0]],
            text[3:],
            is_pinned=text[1] == "!",
            is_excluded=text[1] == "-",
        )
        for text in texts
    ]


SYSTEM = piece("system", "Be brief.", 2)
THREE = path("u: one", "a: 1", "u: two", "a: 2", "u: three")  # 20, 20 and 10 tokens


def material(pieces=THREE, limit=1000, system=SYSTEM, **more):
    return Material(system, pieces, limit, lambda text: 6, **more)


def made(strategy, pieces=THREE, limit=1000, system=SYSTEM, **more):
    return build(strategy, material(pieces, limit, system, **more))


def sent(context):
    return [message["content"] for message in context.messages]


def outcome(context):
    return [(entry.piece.text, entry.state.value, entry.reason) for entry in context.entries]


def states(context):
    return {entry.piece.text: entry.state.value for entry in context.entries}
