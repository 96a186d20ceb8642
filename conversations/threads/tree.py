"""Who follows whom, and the path that leads to a message."""

import uuid
from collections import defaultdict
from dataclasses import dataclass

from conversations.models import Conversation, Message


@dataclass(frozen=True)
class Tree:
    """Who follows whom. Siblings stand in the order in which they were made."""

    parents: dict[uuid.UUID, uuid.UUID | None]
    children: dict[uuid.UUID | None, list[uuid.UUID]]

    def path_to(self, leaf: uuid.UUID | None) -> list[uuid.UUID]:
        path: list[uuid.UUID] = []
        while leaf is not None:
            path.append(leaf)
            leaf = self.parents.get(leaf)
        return path[::-1]

    def versions(self, node: uuid.UUID) -> list[uuid.UUID]:
        return self.children[self.parents[node]]

    def is_leaf(self, node: uuid.UUID) -> bool:
        return not self.children.get(node)

    def newest_leaf(self, node: uuid.UUID) -> uuid.UUID:
        while following := self.children.get(node):
            node = following[-1]
        return node

    def leaf_below(self, version: Message) -> uuid.UUID:
        """Where its branch was last left."""
        left = version.last_leaf_id
        return left if left in self.parents else self.newest_leaf(version.pk)


def tree(conversation: Conversation) -> Tree:
    parents: dict[uuid.UUID, uuid.UUID | None] = {}
    children: dict[uuid.UUID | None, list[uuid.UUID]] = defaultdict(list)
    nodes = conversation.messages.in_thread().in_order()
    for node, parent in nodes.values_list("id", "parent_id"):
        parents[node] = parent
        children[parent].append(node)
    return Tree(parents, dict(children))


def path_to(conversation: Conversation, leaf: uuid.UUID | None) -> list[Message]:
    """The messages from the first one to this leaf, with all that building a prompt needs."""
    ids = tree(conversation).path_to(leaf)
    found = conversation.messages.defer("html", "reasoning").in_bulk(ids)
    return [found[node] for node in ids]
