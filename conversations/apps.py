from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations import checks  # noqa: F401 - registers the system checks

        post_migrate.connect(mend_search, sender=self)


def mend_search(using: str, **_: object) -> None:
    from conversations.search import schema  # needs the models, which need this module

    schema.mend(connections[using])
