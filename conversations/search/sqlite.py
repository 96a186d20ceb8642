"""SQLite: FTS5, ranked by how rare the words are.

The FTS5 table stores no text of its own (content=''), so an entry is removed by saying again
what it was made from, which the triggers know as OLD.text. FTS5 numbers its rows while a
message has a UUID, and VACUUM may renumber hidden row ids: so a table of our own keeps each
message's number, both ways by index.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

PAGES_AT_ONCE = 500  # of the index, merged in one write

_MERGE = "INSERT INTO conversations_search (conversations_search, rank) VALUES ('merge', %s)"

# Which messages have an entry. It is made of their first 100,000 characters.
_SAYS = "{row}.status NOT IN ('queued', 'streaming') AND {row}.text <> ''"
_SAID, _SAYING = _SAYS.format(row="OLD"), _SAYS.format(row="NEW")
_IS_NEWS = f"NOT ({_SAID} AND {_SAYING} AND OLD.text = NEW.text)"

_ENTER = """BEGIN
    INSERT INTO conversations_search_number (message) VALUES (NEW.id);
    INSERT INTO conversations_search (rowid, text)
        SELECT number, substr(NEW.text, 1, 100000)
        FROM conversations_search_number WHERE message = NEW.id;
END"""
_LEAVE = """BEGIN
    INSERT INTO conversations_search (conversations_search, rowid, text)
        SELECT 'delete', number, substr(OLD.text, 1, 100000)
        FROM conversations_search_number WHERE message = OLD.id;
    DELETE FROM conversations_search_number WHERE message = OLD.id;
END"""

# As sqlite_master gives it back: name and statement.
TABLES = {
    "conversations_search": """CREATE VIRTUAL TABLE conversations_search USING fts5(
    text, content='', tokenize='unicode61 remove_diacritics 2'
)""",
    "conversations_search_number": """CREATE TABLE conversations_search_number (
    number INTEGER PRIMARY KEY, message char(32) NOT NULL UNIQUE
)""",
}
TRIGGERS = {
    name: f"CREATE TRIGGER {name} {when} ON conversations_message\nWHEN {condition} {act}"
    for name, when, condition, act in [
        ("conversations_search_insert", "AFTER INSERT", _SAYING, _ENTER),
        (
            "conversations_search_before_update",
            "BEFORE UPDATE OF status, text",
            f"{_SAID} AND {_IS_NEWS}",
            _LEAVE,
        ),
        (
            "conversations_search_after_update",
            "AFTER UPDATE OF status, text",
            f"{_SAYING} AND {_IS_NEWS}",
            _ENTER,
        ),
        ("conversations_search_delete", "AFTER DELETE", _SAID, _LEAVE),
    ]
}

_FILL = [
    """INSERT INTO conversations_search_number (message)
        SELECT id FROM conversations_message AS message WHERE {says} ORDER BY created_at""",
    """INSERT INTO conversations_search (rowid, text)
        SELECT number, substr(text, 1, 100000)
        FROM conversations_search_number JOIN conversations_message ON id = message
        ORDER BY number""",
]

# A word weighs the more, the fewer messages of those asked for have it. BM25, which FTS5 offers,
# weighs it by the whole index: there every message that anybody stores, the question itself
# included, could change the order of what is found.
_RANKED = """
    WITH asked AS MATERIALIZED (
        SELECT number, message.id, message.created_at, LENGTH(message.text) AS length
        FROM conversations_message AS message
        JOIN conversations_search_number AS numbered ON numbered.message = message.id
        WHERE message.id IN ({among})
    ),
    hits (word, number) AS ({hits}),
    found AS MATERIALIZED (SELECT word, number FROM hits WHERE number IN (SELECT number FROM asked)),
    weights AS (SELECT word, 1.0 / COUNT(*) AS weight FROM found GROUP BY word)
    SELECT asked.id
    FROM found JOIN weights USING (word) JOIN asked USING (number)
    GROUP BY asked.number
    ORDER BY SUM(weight) DESC, asked.length / 100, asked.created_at DESC, asked.id
    LIMIT %s"""
_ALL = """SELECT message FROM conversations_search_number WHERE number IN (
    SELECT rowid FROM conversations_search WHERE conversations_search MATCH %s
)"""
_HITS = "SELECT %s, rowid FROM conversations_search WHERE conversations_search MATCH %s"


def ranked(
    words: list[str], among: tuple[str, Sequence[Any]], most: int
) -> tuple[str, Sequence[Any]]:
    sql, params = among
    hits = " UNION ALL ".join([_HITS] * len(words))
    # In quotes nothing is an operator, and no word holds a quote.
    asked = [value for number, word in enumerate(words) for value in (number, f'"{word}"')]
    return _RANKED.format(among=sql, hits=hits), [*params, *asked, most]


def saying(words: list[str]) -> tuple[str, Sequence[Any]]:
    return _ALL, [" AND ".join(f'"{word}"' for word in words) + " *"]


def build(cursor: CursorWrapper) -> None:
    for statement in [*TABLES.values(), *TRIGGERS.values(), *_FILL]:
        cursor.execute(statement.replace("{says}", _SAYS.format(row="message")))


def drop(cursor: CursorWrapper) -> None:
    for trigger in TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for table in TABLES:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


def compact(cursor: CursorWrapper) -> None:
    """FTS5 only marks an entry as removed until the segments that hold it are merged."""
    pages = -PAGES_AT_ONCE  # below nought: begin to make one segment of all
    while True:
        before = _changes(cursor)
        cursor.execute(_MERGE, [pages])
        if _changes(cursor) - before < 2:  # as FTS5 says that there is nothing more to do
            return
        pages = PAGES_AT_ONCE


def _changes(cursor: CursorWrapper) -> int:
    cursor.execute("SELECT total_changes()")
    return int(cursor.fetchone()[0])


def is_there(cursor: CursorWrapper) -> bool:
    return not TABLES.keys().isdisjoint(_statements(cursor))


def is_whole(cursor: CursorWrapper) -> bool:
    return _statements(cursor) == TABLES | TRIGGERS


def _statements(cursor: CursorWrapper) -> dict[str, str]:
    names = [*TABLES, *TRIGGERS]
    places = ", ".join(["%s"] * len(names))
    cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE name IN ({places})", names)  # noqa: S608 - places only
    return dict(cursor.fetchall())
