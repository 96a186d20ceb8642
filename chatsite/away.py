"""A database that does not answer: how it is told from a fault of our own."""

from django.db import InterfaceError, InternalError, OperationalError

# SQLite's code for a statement that is wrong in itself, such as an unknown table.
SQLITE_ERROR = 1


def is_away(exception: BaseException | None) -> bool:
    """Gone, refusing, locked, full, or out of connections: it may be back in a moment."""
    if not isinstance(exception, OperationalError | InterfaceError | InternalError):
        return False
    code = getattr(exception.__cause__, "sqlite_errorcode", None)
    return code != SQLITE_ERROR


def why(exception: BaseException) -> str:
    """The first line of what the database says; the others may quote what was to be stored."""
    said = str(exception).strip().partition("\n")[0]
    return f"{type(exception).__name__}: {said}" if said else type(exception).__name__
