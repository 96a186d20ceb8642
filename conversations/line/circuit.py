"""What failed calls in a row mean for all the others: for a while nothing is called, then one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breaker:
    """It opens after `failures` in a row, for `first` seconds, doubled up to `cap`."""

    failures: int
    first: float
    cap: float

    def is_open(self, failures: int) -> bool:
        return failures >= self.failures

    def seconds_open(self, failures: int) -> float:
        """How long nothing is called after this failure; 0 while it stays closed."""
        if not self.is_open(failures):
            return 0.0
        return min(self.cap, self.first * 2.0 ** min(failures - self.failures, 60))
