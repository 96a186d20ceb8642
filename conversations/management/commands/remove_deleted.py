"""Remove the content of conversations that were deleted long enough ago. Run it every day."""

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.models import QuerySet

from conversations import search
from conversations.models import Conversation, Message
from conversations.review import removing
from conversations.review.removing import Outcome
from conversations.text import one_line

BATCH = 500


class Command(BaseCommand):
    help = (
        "Remove what was said in conversations that their people deleted more than"
        " KEEP_DELETED_DAYS days ago: messages, summaries, titles, notes and flags, and the words"
        " in the ledger's rows. Every figure stays: tokens, costs, times, totals. One conversation"
        " at a time, while the site runs; what is being answered waits for the next run, and"
        " running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be removed, and remove nothing."
        )

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        due = removing.due()
        if dry_run:
            said = Message.objects.filter(conversation__in=due).count()
            self.stdout.write(
                f"Would remove the content of {_many(due.count())}: {said:,} messages."
            )
            return
        became = Counter(self._remove(each, due, options["verbosity"]) for each in _batched(due))
        if became[Outcome.REMOVED]:
            search.compact()
        self.stdout.write(f"Removed the content of {_many(became[Outcome.REMOVED])}.")
        if busy := became[Outcome.BUSY]:
            self.stdout.write(f"{_many(busy)} being answered: left for the next run.")
        if failed := became[None]:
            raise CommandError(f"{_many(failed)} could not be removed.")

    def _remove(
        self, conversation: uuid.UUID, due: QuerySet[Conversation], verbosity: int
    ) -> Outcome | None:
        """None where the database would not; that keeps no other from being removed."""
        try:
            outcome = removing.remove(conversation, due)
        except DatabaseError as error:
            self.stderr.write(f"{conversation}: {one_line(type(error).__name__, 100)}")
            return None
        if verbosity > 1:
            self.stdout.write(f"{conversation}: {outcome}")
        return outcome


def _batched(due: QuerySet[Conversation]) -> Iterator[uuid.UUID]:
    found = due.order_by("pk").values_list("pk", flat=True)
    batch = list(found[:BATCH])
    while batch:
        yield from batch
        batch = list(found.filter(pk__gt=batch[-1])[:BATCH])


def _many(count: int) -> str:
    return f"{count:,} conversation{'' if count == 1 else 's'}"
