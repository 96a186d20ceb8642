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


def _parted(text: str) -> str:
    return "".join(
        character if unicodedata.category(character)[0] in "LMN" else " " for character in text
    )
