"""Changes of a thread that no answer brings, told once they are stored with their number."""

import uuid

from . import broadcasts


async def tell_thread_changed(conversation: uuid.UUID, number: int) -> None:
    """Nought is nothing that has changed. What is never told, others notice by its number."""
    if number:
        await broadcasts.publish(conversation, broadcasts.ThreadChanged(number))
