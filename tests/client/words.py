"""Numbered words: of any piece of an answer one sees where it begins, ends, and what is missing."""

import html
import re
from functools import cache

PARAGRAPH = 40  # words


@cache
def text_of(count: int, first: int = 0) -> str:
    """So many words, "w0 w1 …", in paragraphs."""
    return "".join(piece_of(number) for number in range(first, first + count))


@cache
def piece_of(number: int) -> str:
    """A word with what stands before it, as it goes over the wire."""
    gap = "" if number == 0 else " " if number % PARAGRAPH else "\n\n"
    return f"{gap}w{number}"


def words_in(shown: str) -> list[str]:
    """The words of a piece of HTML, in the order in which they are read."""
    return html.unescape(re.sub(r"<[^>]*>", "", shown.replace("</p>", " "))).split()


def faults_in(words: list[str]) -> int:
    """How many of these words are missing, doubled or out of place."""
    return sum(word != f"w{number}" for number, word in enumerate(words))


def is_beginning(text: str) -> bool:
    """Whether this text is the beginning of an answer, to the character."""
    return text_of(len(text.split())) == text
