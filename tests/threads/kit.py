"""Threads in few words: a text that begins with a digit is an answer, any other a question."""

from conversations.models import Conversation, Message, Role, Status
from conversations.threads import path_to
from tests.people import say


def ask(conversation, *texts, below=None):
    """A message for each text, one below the other; the last one."""
    for text in texts:
        role = Role.ASSISTANT if text[0].isdigit() else Role.USER
        below = say(conversation, role, text, below)
    return below


def first(conversation, text):
    """Another first message, beside the first of all."""
    conversation.current_leaf = None
    return ask(conversation, text)


def shown(conversation):
    conversation.refresh_from_db()
    return [message.text for message in path_to(conversation, conversation.current_leaf_id)]


def message(conversation, text):
    return conversation.messages.get(text=text)


def stored():
    """All that is stored of threads."""
    return [*Conversation.objects.order_by("pk").values(), *Message.objects.in_order().values()]


def run(conversation, text):
    """Let this answer be written again."""
    Message.objects.filter(conversation=conversation, text=text).update(status=Status.STREAMING)
