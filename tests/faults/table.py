"""The report of a run as the table in docs/reliability.md: python -m tests.faults.table FILE …"""

import json
import sys
from pathlib import Path
from typing import Any

HEAD = "| fault | how it is made | times | lost | besides | test |\n|---|---|---|---|---|---|"


def row(told: dict[str, Any]) -> str:
    lost = ", ".join(f"{what} {number}" for what, number in told["lost"].items())
    figures = ", ".join(f"{what} {number}" for what, number in told["figures"].items())
    test = told["test"].removeprefix("tests/faults/")
    cells = (told["fault"], told["made"], told["injected"], lost, figures, f"`{test}`")
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def table(paths: list[str]) -> str:
    """One run may be told in several files; of a test told twice the last one counts."""
    rows = {told["test"]: told for path in paths for told in json.loads(Path(path).read_text())}
    return "\n".join([HEAD, *(row(told) for told in rows.values())])


if __name__ == "__main__":
    sys.stdout.write(f"{table(sys.argv[1:])}\n")
