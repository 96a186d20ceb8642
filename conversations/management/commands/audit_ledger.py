"""manage.py audit_ledger: proves that every total equals the sum of the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations import accounting
from conversations.models import Completion

SHOWN = 50  # differences, by default


class Command(BaseCommand):
    help = (
        "Compares the totals of conversations, days, people, models and budgets with the ledger,"
        " and every cost with its row's tokens and prices. Fails where anything differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=SHOWN, help="Differences to print.")

    def handle(self, *args: Any, most: int = SHOWN, **options: Any) -> None:
        calls = Completion.objects.filter(ended_at__isnull=False).count()
        differences = accounting.audit()
        for words in differences[:most]:
            self.stderr.write(words)
        if differences:
            raise CommandError(f"{len(differences)} differences to the ledger of {calls:,} calls.")
        self.stdout.write(f"The ledger is clean: {calls:,} calls, and every total is their sum.")
