"""Presets that a new site begins with. Staff change or delete them; they do not come again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from conversations.first_account import has_accounts
from conversations.models import Preset

SUPPORT = """\
You answer customers of our company. Be friendly, brief and exact, and ask for what is missing, \
one question at a time.

Promise nothing that you do not know to be true: no refund, no date, no exception. When a customer \
asks for a person, is upset after two answers, or wants what you cannot do, say that a colleague \
takes over, and end with a line that begins "HAND-OVER:" and sums up in one sentence who wants \
what and what was tried."""

WRITING = """\
You are an editor. Improve what you are given without changing what it says or how its author \
sounds. Give the new version first, then at most three short remarks on what you changed and why. \
Ask when the audience matters and you do not know it."""

CODE = """\
You are an experienced programmer. Say in a sentence or two what you will do, then show complete \
code that runs, in one block for each file. Name what you assume. Point out errors, unsafe input \
and missing tests in code that you are shown, the worst first."""

ASSISTANT = """\
You are a helpful assistant. Answer first, explain afterwards, and keep it as short as the \
question allows. Say so when you do not know something or when it may have changed since you \
learned it."""

HAND_OVER = [
    {"role": "user", "text": "I was charged twice for order 1042. Give me my money back now!"},
    {
        "role": "assistant",
        "text": "I am sorry about that. I cannot move money myself, so a colleague takes over from"
        " here and checks the second charge.\n\nHAND-OVER: The customer of order 1042 reports a"
        " double charge and wants one of the two refunded; nothing was tried yet.",
    },
]

PRESETS: list[dict[str, Any]] = [
    {
        "name": "Assistant",
        "description": "Short answers to anything",
        "system_message": ASSISTANT,
    },
    {
        "name": "Code",
        "description": "Writes, explains and reviews code",
        "system_message": CODE,
    },
    {
        "name": "Support",
        "description": "Answers customers, and hands over to a person when it should",
        "system_message": SUPPORT,
        "temperature": 0.3,
        "examples": HAND_OVER,
    },
    {
        "name": "Writing",
        "description": "Edits a text and says what it changed",
        "system_message": WRITING,
        "temperature": 0.9,
    },
]


class Command(BaseCommand):
    help = "Give a new site, on which nobody has an account yet, its first presets."

    def handle(self, *args: Any, **options: Any) -> None:
        if has_accounts() or Preset.objects.exists():
            return
        model = settings.DEFAULT_MODEL
        Preset.objects.bulk_create(
            [Preset(model=model, **each) for each in PRESETS], ignore_conflicts=True
        )
