"""How long a call may take, and what is said when it took longer."""

from dataclasses import dataclass

from django.conf import settings

# Seconds that the usage figures may take after the finish reason: the answer itself is whole.
AFTER_FINISH_SECONDS = 10.0
# Seconds that the body may take to end after its last event, so that its connection can serve
# another call.
AFTER_DONE_SECONDS = 0.1


@dataclass(frozen=True)
class Deadline:
    """A moment of the loop's clock, and what to say when it is missed; None: nothing is lost."""

    at: float
    words: str | None = None


class Deadlines:
    """The time limits of one call, as the settings stand when it begins. All in seconds."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.connect: float = settings.UPSTREAM_CONNECT_SECONDS
        self._first: float = settings.UPSTREAM_FIRST_TOKEN_SECONDS
        self._silence: float = settings.UPSTREAM_SILENCE_SECONDS
        self._total: float = settings.UPSTREAM_TOTAL_SECONDS

    def of_first_token(self) -> Deadline:
        words = f"The provider did not begin to answer within {self._first:g} s."
        return self._but_in_all(Deadline(self.began + self._first, words))

    def of_next_token(self, since: float) -> Deadline:
        words = f"No data for {self._silence:g} s, so we stopped."
        return self._but_in_all(Deadline(since + self._silence, words))

    def of_usage(self, since: float) -> Deadline:
        return Deadline(since + min(self._silence, AFTER_FINISH_SECONDS))

    def of_end(self, since: float) -> Deadline:
        return Deadline(since + AFTER_DONE_SECONDS)

    def _but_in_all(self, deadline: Deadline) -> Deadline:
        words = f"The answer took longer than {self._total:g} s, so we stopped."
        return min(deadline, Deadline(self.began + self._total, words), key=lambda one: one.at)
