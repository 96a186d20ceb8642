"""The tree of a conversation: the path that is shown, its versions, stepping between them."""

import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.db import transaction

from conversations.models import Conversation, Message, Origin, Role
from conversations.text import storable
from conversations.tokens import count, encoding_name


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

    def newest_leaf(self, node: uuid.UUID) -> uuid.UUID:
        while following := self.children.get(node):
            node = following[-1]
        return node


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


def token_count(message: Message, encoding: str) -> int:
    """Tokens of a message's text, counted once per encoding and kept."""
    if encoding not in message.token_counts:
        message.token_counts[encoding] = count(message.text, encoding)
        if not message.is_running:
            Message.objects.filter(pk=message.pk).update(token_counts=message.token_counts)
    counted: int = message.token_counts[encoding]
    return counted


@transaction.atomic
def switch_to(conversation: Conversation, version: Message) -> None:
    """Show this version of its turn, and go on where its branch was last left.

    A system message is no turn: there is nothing to step to.
    """
    conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
    grown = tree(conversation)
    if version.pk not in grown.parents:
        return
    shown = set(grown.path_to(conversation.current_leaf_id))
    left = [node for node in grown.versions(version.pk) if node in shown]
    Message.objects.filter(pk__in=left).update(last_leaf=conversation.current_leaf_id)
    if version.pk in left:
        return
    leaf = version.last_leaf_id
    conversation.current_leaf_id = leaf if leaf in grown.parents else grown.newest_leaf(version.pk)
    conversation.save(update_fields=["current_leaf"])


def set_system_message(conversation: Conversation, text: str) -> None:
    """Point the conversation at a system message of this text; what was sent is kept."""
    text = storable(text)
    current = conversation.system_message
    if text == (current.text if current else ""):
        return
    conversation.system_message = None
    if text.strip():
        encoding = encoding_name(conversation.model)
        conversation.system_message = Message.objects.create(
            conversation=conversation,
            owner_id=conversation.owner_id,
            role=Role.SYSTEM,
            origin=Origin.TYPED,
            text=text,
            token_counts={encoding: count(text, encoding)},
        )
    conversation.save(update_fields=["system_message"])
