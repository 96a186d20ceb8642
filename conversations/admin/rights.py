"""What somebody of the staff may do with conversations, asked once for a page."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self, cast

from django.contrib.auth.models import User
from django.http import HttpRequest

from conversations.models import Conversation

HIDDEN = "(for who may read transcripts)"


@dataclass(frozen=True)
class Rights:
    """Without `read` a page shows figures and no words; notes are words. Who may settle flags
    sees them, as Django has it everywhere.
    """

    read: bool
    see_ledger: bool
    see_flags: bool
    flag: bool
    resolve: bool
    see_notes: bool
    write_notes: bool
    see_readers: bool

    def on(self, conversation: Conversation) -> Self:
        """What of it there is to do here: nothing is added to what was removed."""
        if conversation.erased_at is None:
            return self
        return replace(self, flag=False, resolve=False, write_notes=False)

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        has = {field.name: may(request, _NAMED[field.name]) for field in fields(cls)}
        has["see_flags"] |= has["resolve"]
        has["see_notes"] &= has["read"]
        has["write_notes"] &= has["read"]
        return cls(**has)


_NAMED = {
    "read": "view_transcript",
    "see_ledger": "view_completion",
    "see_flags": "view_flag",
    "flag": "add_flag",
    "resolve": "change_flag",
    "see_notes": "view_note",
    "write_notes": "add_note",
    "see_readers": "view_transcriptview",
}


def may(request: HttpRequest, right: str) -> bool:
    return request.user.has_perm(f"conversations.{right}")


def reads(request: HttpRequest) -> bool:
    """Whether they may see what people said, titles included."""
    return may(request, "view_transcript")


def person_of(request: HttpRequest) -> User:
    """Whoever asks: nobody else gets past the admin's door."""
    return cast("User", request.user)


def without_words(parameters: dict[str, Any], instead: str = HIDDEN) -> dict[str, Any]:
    """Figures, switches and the model; stop texts and a JSON schema are a person's own words."""
    return {
        name: value
        if name == "model" or value is None or isinstance(value, bool | int | float)
        else instead
        for name, value in parameters.items()
    }
