"""Making, mending and removing the index; the migration and the app's start come here."""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from .vendors import vendor_of


def create(schema_editor: BaseDatabaseSchemaEditor) -> None:
    _make_whole(schema_editor.connection)


def drop(schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        vendor_of(schema_editor.connection).drop(cursor)


def mend(connection: BaseDatabaseWrapper) -> None:
    """Rebuild an index that is no longer whole.

    To alter a table on SQLite, Django makes a new one, and the triggers go with the old one.
    An index that its migration has not made yet, or has removed, is none of our business.
    """
    with connection.cursor() as cursor:
        is_there = vendor_of(connection).is_there(cursor)
    if is_there:
        _make_whole(connection)


def _make_whole(connection: BaseDatabaseWrapper) -> None:
    vendor = vendor_of(connection)
    with connection.cursor() as cursor:
        if vendor.is_whole(cursor):
            return
        with transaction.atomic(using=connection.alias):
            vendor.drop(cursor)
            vendor.build(cursor)
