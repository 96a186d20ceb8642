"""The index of full-text search, with the messages that are there. See conversations/search."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from conversations.search import schema


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema.create(schema_editor)


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
