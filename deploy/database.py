"""Says where the site's database is, in variables that a shell and PostgreSQL's tools know.

A password is passed on in the environment: the arguments of a command are for all to read.
"""

import shlex
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chatsite import settings


def variables() -> dict[str, str]:
    if settings.DATA_DIR_PROBLEM or settings.PROBLEMS:
        sys.exit("\n".join([*filter(None, [settings.DATA_DIR_PROBLEM]), *settings.PROBLEMS]))
    database = settings.DATABASES["default"]
    found = {"KIND": str(database["ENGINE"]).rpartition(".")[2], "DATA_DIR": str(settings.DATA_DIR)}
    if found["KIND"] == "sqlite3":
        return found | {"FILE": str(database["NAME"])}
    options: dict[str, Any] = dict(database["OPTIONS"])
    connection = {
        "PGHOST": database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),
        "PGDATABASE": database["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    return found | {name: str(value) for name, value in connection.items() if value}


for name, value in variables().items():
    sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
