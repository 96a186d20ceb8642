"""The ledger's search: by the provider's id, by person and, for who may read them, by title.

A condition over three joined tables would read the whole ledger, so people and conversations are
found first, and the ledger is asked for theirs.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.text import smart_split, unescape_string_literal

from conversations.models import Completion, Conversation

MOST_LISTED = 1_000  # keys that are named one by one; of more, the database makes a subquery

HELP = "The provider's id, whole, or any part of a person's name"
HELP_OF_READERS = f"{HELP} or of a title"


def sought(calls: QuerySet[Completion], words: str, *, is_reader: bool) -> QuerySet[Completion]:
    """Every word must be found, each anywhere."""
    for word in smart_split(words):
        if word.startswith(('"', "'")) and len(word) > 1 and word[0] == word[-1]:
            word = unescape_string_literal(word)
        people = get_user_model().objects.filter(username__icontains=word)
        found = Q(upstream_id=word) | Q(user__in=_keys(people))
        if is_reader:
            titled = Conversation.objects.filter(title__icontains=word).order_by()
            found |= Q(conversation__in=_keys(titled))
        calls = calls.filter(found)
    return calls


def _keys(rows: QuerySet[Any]) -> Any:
    keys = rows.values_list("pk", flat=True)
    listed = list(keys[: MOST_LISTED + 1])
    return listed if len(listed) <= MOST_LISTED else keys
