"""What if it had been asked otherwise: two versions of a turn, each with what follows it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, takewhile

from conversations.models import Conversation, Message, Role
from conversations.text import one_line
from conversations.threads import Tree, tree

from .turns import Turn, turns_of

FIRST_WORDS = 60  # characters


@dataclass(frozen=True)
class Version:
    id: uuid.UUID
    number: int
    words: str


@dataclass(frozen=True)
class Side:
    """A version with its exchange; `is_shown` in the chat now."""

    version: Version
    turns: list[Turn]
    is_shown: bool


@dataclass(frozen=True)
class Comparison:
    """`above` are the words of the message that all the versions follow."""

    above: str
    versions: list[Version]
    sides: tuple[Side, Side]


def compare(conversation: Conversation, one: uuid.UUID, other: uuid.UUID) -> Comparison | None:
    """None where these two are no versions of one turn."""
    grown = tree(conversation)
    if one not in grown.parents or other not in grown.versions(one):
        return None
    parent = grown.parents[one]
    wanted = [*grown.versions(one), *([parent] if parent else [])]
    found = conversation.messages.defer("html", "reasoning").in_bulk(wanted)
    versions = [
        Version(node, number, _words(found[node]))
        for number, node in enumerate(grown.versions(one), start=1)
    ]
    shown = grown.path_to(conversation.current_leaf_id)
    roles = dict(conversation.messages.in_thread().values_list("id", "role"))
    paths = [list(_exchange(grown, found[node], shown, roles)) for node in (one, other)]
    turns = {turn.message.pk: turn for turn in turns_of(conversation, grown, [*chain(*paths)])}
    left, right = (
        Side(
            next(each for each in versions if each.id == path[0]),
            [turns[node] for node in path],
            path[0] in shown,
        )
        for path in paths
    )
    return Comparison(_words(found[parent]) if parent else "", versions, (left, right))


def _exchange(
    grown: Tree, version: Message, shown: list[uuid.UUID], roles: dict[uuid.UUID, str]
) -> Iterator[uuid.UUID]:
    """The version and what follows it, up to the next message of the person."""
    path = shown if version.pk in shown else grown.path_to(grown.leaf_below(version))
    following = path[path.index(version.pk) + 1 :]
    yield version.pk
    yield from takewhile(lambda node: roles[node] != Role.USER, following)


def _words(message: Message) -> str:
    return "Deleted" if message.is_deleted else one_line(message.text, FIRST_WORDS)
