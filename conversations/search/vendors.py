"""Which module speaks to which database."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from . import postgres, sqlite

Statement = tuple[str, Sequence[Any]]


class Vendor(Protocol):
    def ranked(self, words: list[str], among: Statement, most: int) -> Statement:
        """A query for the ids of the best of those messages whose ids `among` asks for."""

    def saying(self, words: list[str]) -> Statement:
        """A query for the ids of all messages that say these words, the last as a word's beginning."""

    def build(self, cursor: CursorWrapper) -> None:
        """Make the index where nothing of it is, with the messages that are there."""

    def drop(self, cursor: CursorWrapper) -> None:
        """Leave nothing of the index, whatever is there."""

    def compact(self, cursor: CursorWrapper) -> None:
        """Leave no word of what was removed; where others write, without holding them up."""

    def is_there(self, cursor: CursorWrapper) -> bool:
        """Whether there is an index, whole or not."""

    def is_whole(self, cursor: CursorWrapper) -> bool:
        """Whether the index is there as this version of the code makes it."""


VENDORS: dict[str, Vendor] = {"sqlite": sqlite, "postgresql": postgres}


def vendor_of(connection: BaseDatabaseWrapper) -> Vendor:
    return VENDORS[connection.vendor]
