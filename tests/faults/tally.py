"""What was injected, how often, and what was lost: one line a fault, and a file for machines."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Fault:
    """Told what happens; `lost` counts what a person would miss, by what it is."""

    test: str
    seed: int
    name: str = ""
    made: str = ""
    injected: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def is_called(self, name: str, made: str, *lost: str) -> None:
        """`made` says how it is injected, `lost` what is counted as lost."""
        self.name, self.made = name, made
        self.lost = dict.fromkeys(lost, 0)

    def count(self, what: str, lost: int | bool) -> None:
        self.lost[what] = self.lost.get(what, 0) + int(lost)

    def most(self, what: str, figure: float) -> None:
        """Keep the largest figure that was seen."""
        self.figures[what] = round(max(self.figures.get(what, 0), figure), 3)

    @property
    def line(self) -> str:
        figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        lost = ", ".join(f"{name} {value}" for name, value in self.lost.items())
        total = sum(self.lost.values())
        return (
            f"{self.name}: injected {self.injected} times, lost {total}"
            + (f" ({lost})" if lost else "")
            + (f"; {figures}" if figures else "")
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "fault": self.name,
            "made": self.made,
            "injected": self.injected,
            "lost": self.lost,
            "figures": self.figures,
            "test": self.test,
            "seed": self.seed,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
        }


def write(faults: list[Fault], path: Path) -> None:
    path.write_text(json.dumps([fault.as_json() for fault in faults], indent=1) + "\n")
