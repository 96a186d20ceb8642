"""Write down everything that is stored about one person."""

import os
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.review import person as all_about

READER = "manage.py export_person"


class Command(BaseCommand):
    help = (
        "Write everything about one person as one JSON document: the account (without its"
        " password), conversations with all messages, deleted ones included, presets, the ledger's"
        " rows, usage by day, spending, budgets, flags and notes on their chats, who read them,"
        " and what they did as staff. That it was written is noted where readings are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--output", type=Path, help="A new file, readable by its owner alone; or else stdout."
        )

    def handle(self, *args: Any, username: str, output: Path | None = None, **options: Any) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is nobody of the name {username!r}.")
        all_about.note_export(person, None, READER)
        if output is None:
            for piece in all_about.pieces(person):
                self.stdout.write(piece, ending="")
            return
        try:
            made = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{output} cannot be made: {error.strerror}.") from error
        with open(made, "w", encoding="utf-8") as file:
            file.writelines(all_about.pieces(person))
        self.stderr.write(f"Written to {output}.")
