"""Erase everything about one person but the money."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations import search
from conversations.review import erasing
from conversations.text import usd


class Command(BaseCommand):
    help = (
        "Erase everything about one person, for good. What goes: the content of all their"
        " conversations (messages, summaries, titles, system messages, flags and notes on them,"
        " the words in the ledger's rows), their presets, their sessions, name, e-mail, password,"
        " groups and rights, and their name wherever it was copied to. What stays: the account as"
        " a row without a name that nobody can use, since the ledger, usage, budgets and totals"
        " must still add up; how many calls, tokens and USD, of which model, when; and what they"
        " wrote as a reviewer about other people's conversations, under the new name. Backups keep"
        " what they hold. An answer that is being written is stopped first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--yes", action="store_true", help="Do it: it cannot be taken back.")

    def handle(self, *args: Any, username: str, yes: bool = False, **options: Any) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is nobody of the name {username!r}.")
        held = erasing.holdings_of(person)
        self.stdout.write(_words(held, erasing.new_name(person)))
        if not yes:
            raise CommandError("Nothing was erased. Add --yes to do it; it cannot be taken back.")
        try:
            erasing.erase(person)
        except erasing.CannotErase as error:
            raise CommandError(str(error)) from error
        search.compact()
        self.stdout.write(f"Erased. The account is now called {person.username}.")


def _words(held: erasing.Holdings, name: str) -> str:
    is_mixed = held.cost is not None and held.calls_of_unknown_cost
    unknown = f", {held.calls_of_unknown_cost:,} of unknown cost" if is_mixed else ""
    return (
        f"Goes: the content of {held.conversations:,} conversations ({held.messages:,} messages),"
        f" {held.presets:,} presets, name, e-mail, password, sessions, groups and rights.\n"
        f"Stays: the figures of {held.calls:,} calls ({usd(held.cost)}{unknown}) and an account"
        f" called {name} that nobody can use."
    )
