"""Alice owns conversations, Bob owns others, Carol is answerable for the site."""

from django.contrib.auth.models import User

from conversations.models import Conversation, Message, Origin, Role, Status

PASSWORD = "correct horse battery staple"


def make_person(name: str, **rights: bool) -> User:
    return User.objects.create_user(name, password=PASSWORD, **rights)


def make_conversation(owner: User, **fields: object) -> Conversation:
    return Conversation.objects.create(
        **{"owner": owner, "title": "Tea", "model": "gpt-4o-mini", **fields}
    )


def say(
    conversation: Conversation,
    role: Role,
    text: str,
    parent: Message | None = None,
    **fields: object,
) -> Message:
    """Add a message below another one, or below where the conversation ends, and end there."""
    origin = Origin.GENERATED if role == Role.ASSISTANT else Origin.TYPED
    message = Message.objects.create(
        **{
            "conversation": conversation,
            "owner": conversation.owner,
            "parent": parent or conversation.current_leaf,
            "role": role,
            "origin": origin,
            "status": Status.COMPLETE,
            "text": text,
            **fields,
        }
    )
    conversation.current_leaf = message
    conversation.save(update_fields=["current_leaf"])
    return message
