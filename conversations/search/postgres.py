"""PostgreSQL: a tsvector for each message in a table of its own, with a GIN index.

Not an index on an expression: ranking needs each match's tsvector, and making it anew takes 40
times as long as reading it. The 'simple' configuration knows no language, hence suits any.

PostgreSQL ranks by what a message says and does not know which words are rare, so the query
weighs each word by the share of the messages found that hold it.
"""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.db.backends.utils import CursorWrapper

INDEXED_CHARACTERS = 100_000  # a tsvector holds 1 MB
_ACCENTS = re.compile("[\u0300-\u036f]")

# PostgreSQL would keep file names, hosts and numbers with their punctuation; without it a word
# is the same word everywhere, as it is to SQLite. Accents go without the extension `unaccent`.
# A text that cannot be indexed (there should be none) must still be stored.
_WORDS = rf"""CREATE FUNCTION conversations_search_words(said text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    said := regexp_replace(normalize(left(said, {INDEXED_CHARACTERS}), NFD), '[\u0300-\u036f]', '', 'g');
    said := regexp_replace(normalize(said, NFC), '[!-/:-@[-`{{-~]', ' ', 'g');
    RETURN to_tsvector('simple', said);
EXCEPTION WHEN others THEN
    RETURN ''::tsvector;
END $$"""

# The trigger names no column: one that does forbids to alter the column's type.
_KEEP = """CREATE FUNCTION conversations_search_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    said text := '';
    says text := '';
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE conversations_search;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status NOT IN ('queued', 'streaming') THEN
        said := OLD.text;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status NOT IN ('queued', 'streaming') THEN
        says := NEW.text;
    END IF;
    IF said = says THEN
        RETURN NULL;
    END IF;
    IF said <> '' THEN
        DELETE FROM conversations_search WHERE message = OLD.id;
    END IF;
    IF says <> '' THEN
        INSERT INTO conversations_search VALUES (NEW.id, conversations_search_words(says));
    END IF;
    RETURN NULL;
END $$"""

TRIGGERS = {
    "conversations_search_row": "INSERT OR UPDATE OR DELETE ON conversations_message FOR EACH ROW",
    "conversations_search_all": "TRUNCATE ON conversations_message FOR EACH STATEMENT",
}

_BUILD = [
    _WORDS,
    # No foreign key: Django's flush empties only the tables it knows, and could not then.
    "CREATE TABLE conversations_search (message uuid PRIMARY KEY, words tsvector NOT NULL)",
    _KEEP,
    *(
        f"CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION conversations_search_keep()"
        for name, when in TRIGGERS.items()
    ),
    """INSERT INTO conversations_search
        SELECT id, conversations_search_words(text) FROM conversations_message
        WHERE status NOT IN ('queued', 'streaming') AND text <> ''""",
    "CREATE INDEX conversations_search_words ON conversations_search USING gin (words)",
]
_VERSION = sha256("\n".join(_BUILD).encode()).hexdigest()

# The query is computed of constants, so that the planner can tell how common its words are.
# A sum of floats depends on their order, and equal messages must rank equally: so it is rounded.
_RANKED = """
    WITH word AS MATERIALIZED (
        SELECT lexeme, quote_literal(lexeme)::tsquery AS query
        FROM unnest(tsvector_to_array(conversations_search_words(%s))) AS lexeme
    ), found AS MATERIALIZED (
        SELECT message.id, message.created_at, indexed.words
        FROM conversations_search AS indexed
        JOIN conversations_message AS message ON message.id = indexed.message
        WHERE indexed.words @@ ('''' || nullif(array_to_string(
            tsvector_to_array(conversations_search_words(%s)), ''' | '''
        ), '') || '''')::tsquery
        AND message.id IN ({among})
    ), held AS MATERIALIZED (
        SELECT id, created_at, lexeme, ts_rank(words, query, 1) AS weight
        FROM found JOIN word ON words @@ query
    ), rarity AS MATERIALIZED (
        SELECT lexeme, ln(1 + (SELECT count(*) FROM found) / count(*)::float) AS rarity
        FROM held GROUP BY lexeme
    )
    SELECT id FROM held JOIN rarity USING (lexeme)
    GROUP BY id, created_at
    ORDER BY round(sum(weight * rarity)::numeric, 6) DESC, created_at DESC, id
    LIMIT %s"""


def ranked(
    words: list[str], among: tuple[str, Sequence[Any]], most: int
) -> tuple[str, Sequence[Any]]:
    sql, params = among
    said = " ".join(words)
    return _RANKED.format(among=sql), [said, said, *params, most]


def saying(words: list[str]) -> tuple[str, Sequence[Any]]:
    # In quotes nothing is an operator, and no word holds a quote.
    asked = " & ".join(f"'{_unaccented(word)}'" for word in words) + ":*"
    return "SELECT message FROM conversations_search WHERE words @@ to_tsquery('simple', %s)", [
        asked
    ]


def _unaccented(word: str) -> str:
    """As conversations_search_words takes accents off."""
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))


def build(cursor: CursorWrapper) -> None:
    for statement in _BUILD:
        cursor.execute(statement)
    cursor.execute(f"COMMENT ON TABLE conversations_search IS '{_VERSION}'")


def drop(cursor: CursorWrapper) -> None:
    cursor.execute("DROP FUNCTION IF EXISTS conversations_search_keep CASCADE")
    cursor.execute("DROP TABLE IF EXISTS conversations_search")
    cursor.execute("DROP FUNCTION IF EXISTS conversations_search_words")


def compact(cursor: CursorWrapper) -> None:
    """A row that was deleted is PostgreSQL's to sweep away, with all other tables' rows."""


def is_there(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT to_regclass('conversations_search') IS NOT NULL")
    return bool(_one(cursor))


def is_whole(cursor: CursorWrapper) -> bool:
    cursor.execute(
        """SELECT obj_description(to_regclass('conversations_search'), 'pg_class') = %s
            AND count(*) = %s
        FROM pg_trigger
        WHERE tgrelid = to_regclass('conversations_message') AND tgname = ANY(%s)""",
        [_VERSION, len(TRIGGERS), list(TRIGGERS)],
    )
    return bool(_one(cursor))


def _one(cursor: CursorWrapper) -> object:
    (value,) = cursor.fetchone() or (None,)
    return value
