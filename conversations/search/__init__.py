"""Which messages say what a text says, by the database's full-text search.

The index is the database's own work: triggers keep it, so whoever writes a message need not
know of it. It holds the texts of messages that have ended and nothing of running answers, so a
partial text, stored twice a second, costs it nothing.
"""

from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import Q
from django.db.models.expressions import RawSQL

from conversations.models import Message
from conversations.models.message import MessageQuerySet

from .vendors import vendor_of
from .words import parts_of, words_of

__all__ = ["compact", "find", "saying"]


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


def saying(term: str) -> MessageQuerySet:
    """All messages that say this, whatever has become of them; running answers too.

    Words are found by their beginnings, each in any of its forms with or without accents; a term
    with a space or a mark in it must stand there as it is, so the index only narrows the search.
    What the index does not hold whole, as Chinese, is sought in the texts themselves. Past the
    first 100,000 characters of a message nothing is found.
    """
    said = Q(text__icontains=term)
    words = parts_of(term)
    if words is None:
        return Message.objects.filter(said)
    indexed = Q(pk__in=RawSQL(*vendor_of(connection).saying(words)))  # noqa: S611 - of constants
    if words != [term]:
        indexed &= said
    return Message.objects.filter(indexed | Q(pk__in=Message.objects.running().filter(said)))


def compact() -> None:
    """After content was removed for good: the index itself forgets its words."""
    with connection.cursor() as cursor:
        vendor_of(connection).compact(cursor)


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
