"""Every error has a code, which the ledger stores, and words, which a person reads.

`words_for` turns the one into the other, so that a page loaded next week says the same as the
page that saw it happen.
"""

from typing import ClassVar


class ChatError(Exception):
    """Something a person is told about."""

    code: ClassVar[str] = "error"
    words: ClassVar[str] = "Something went wrong."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.words)
        self.detail = detail

    def __str__(self) -> str:
        return words_for(self.code, self.detail)


def by_code(error: type[ChatError]) -> dict[str, type[ChatError]]:
    """This kind of error and all kinds of it."""
    return {error.code: error} | {
        code: kind for child in error.__subclasses__() for code, kind in by_code(child).items()
    }


def words_for(code: str, detail: str = "") -> str:
    """The sentence for a stored error code; an unknown code gets the general sentence."""
    error = by_code(ChatError).get(code, ChatError)
    return error.words.format(detail=detail)
