"""Which messages say what a text says, by the database's full-text search.

The index is the database's own work: triggers keep it, so whoever writes a message need not
know of it. It holds the texts of messages that have ended and nothing of running answers, so a
partial text, stored twice a second, costs it nothing.
"""

from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections

from conversations.models import Message
from conversations.models.message import MessageQuerySet

from .vendors import vendor_of
from .words import words_of

__all__ = ["find"]


def find(query: str, among: MessageQuerySet, most: int) -> list[Message]:
    """The messages of `among` that say most of what the query says, best first, then newest.

    `among` is any queryset but a slice, and its messages come as it would load them. Deleted
    messages and running answers are never found.
    """
    words = words_of(query)
    if not words or most < 1:
        return []
    ids = _best(words, among.filter(deleted_at=None), most)
    messages = among.in_bulk(ids)
    return [messages[pk] for pk in ids if pk in messages]


def _best(words: list[str], among: MessageQuerySet, most: int) -> list[UUID]:
    connection = connections[among.db]
    ids = among.order_by().values("pk").query.get_compiler(connection=connection)
    try:
        sql, params = vendor_of(connection).ranked(words, ids.as_sql(), most)
    except EmptyResultSet:  # among nothing, as Django can tell
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [pk if isinstance(pk, UUID) else UUID(pk) for (pk,) in cursor.fetchall()]
