"""The words to search for: whatever a person typed, as words that mean nothing to a database."""

import unicodedata

MOST_WORDS = 40
MOST_CHARACTERS_READ = 20_000
# Longer ones are no words but data, and PostgreSQL takes none over 2,046 bytes.
LONGEST_WORD = 100


def words_of(text: str) -> list[str]:
    """Distinct words of letters, digits and marks alone, the longest first: these are rare.

    Accents stay on: each index takes off its own, from the texts and from these words alike.
    """
    composed = unicodedata.normalize("NFC", text[:MOST_CHARACTERS_READ].lower())
    words = dict.fromkeys(_parted(composed).split())
    fitting = [word for word in words if len(word) <= LONGEST_WORD]
    return sorted(fitting, key=len, reverse=True)[:MOST_WORDS]


def parts_of(term: str) -> list[str] | None:
    """The words of a term in their order; None where the index cannot tell who says it.

    Letters without cases (Lo) are, among others, those of scripts that put no space between
    words: there the index holds whole sentences as one word.
    """
    parts = _parted(unicodedata.normalize("NFC", term)).split()
    is_known = 0 < len(parts) <= MOST_WORDS and all(map(_is_indexed, parts))
    return parts if is_known else None


def _is_indexed(word: str) -> bool:
    kinds = {unicodedata.category(character) for character in word}
    return len(word) <= LONGEST_WORD and kinds <= {"Lu", "Ll", "Lt", "Nd"}


def _parted(text: str) -> str:
    return "".join(
        character if unicodedata.category(character)[0] in "LMN" else " " for character in text
    )
