"""Everything that a person does to the messages of a chat, as its forms post it."""

import uuid

from asgiref.sync import sync_to_async

from conversations import transcript
from conversations.models import Message

HTMX = {"HX-Request": "true"}

# What each act sends besides the message that it is about.
ACTS = {
    "edit": {"text": "Other words", "client_id": str(uuid.uuid4())},
    "continue": {"client_id": str(uuid.uuid4())},
    "answer": {"client_id": str(uuid.uuid4())},
    "write": {"text": "By hand", "role": "user", "client_id": str(uuid.uuid4())},
    "standing": {"standing": "pinned"},
    "delete": {},
    "restore": {},
    "branch": {"client_id": str(uuid.uuid4())},
}


def fresh(form):
    return form | ({"client_id": str(uuid.uuid4())} if "client_id" in form else {})


async def post(page, path, form=None):
    return await page.post(path, form or {}, headers=HTMX)


async def act(page, conversation, words, name, **form):
    """Do this to the message of these words."""
    message = await conversation.messages.aget(text=words)
    path = f"/c/{conversation.pk}/messages/{message.pk}/{name}/"
    return await post(page, path, fresh(ACTS[name]) | form)


async def shown(page, conversation):
    """The words on the page, as (role, words), without what stands around them."""
    await conversation.arefresh_from_db()
    exchanges = await sync_to_async(transcript.exchanges_of)(conversation)
    return [turn.message.text for exchange in exchanges for turn in exchange.turns]


async def newest():
    return await Message.objects.alatest("created_at")
