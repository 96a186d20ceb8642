"""What is in the database, read past the site, and what must hold of it whatever happened."""

import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.client.words import is_beginning
from tests.faults.process import Serving
from tests.faults.provider import Provider, name_of, whole_answer
from tests.faults.tally import Fault
from tests.patience import PATIENCE

RUNNING = ("queued", "streaming")


@dataclass(frozen=True)
class Stored:
    """An answer, with the question that it belongs to."""

    id: uuid.UUID
    conversation: uuid.UUID
    status: str
    text: str
    html: str
    is_claimed: bool
    has_ended: bool
    question: str
    question_id: uuid.UUID

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING


def answers(site: Serving) -> dict[str, Stored]:
    """By the name that the question begins with."""
    rows = site.rows(
        "select a.id, a.conversation_id, a.status, a.text, a.html, a.run is not null,"
        " a.ended_at is not null, q.text, q.id from conversations_message a"
        " join conversations_message q on q.id = a.parent_id where a.role = 'assistant'"
    )
    found = [
        Stored(_id(row[0]), _id(row[1]), *row[2:5], bool(row[5]), bool(row[6]), row[7], _id(row[8]))
        for row in rows
    ]
    return {name_of(answer.question): answer for answer in found}


def _id(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def wait_until_ended(site: Serving, seconds: float = PATIENCE) -> dict[str, Stored]:
    """All answers, as soon as none of them runs and no call of theirs is open."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        running = site.rows(
            "select 1 from conversations_message where status in ('queued', 'streaming')"
            " union all select 1 from conversations_completion where ended_at is null"
        )
        if not running:
            return answers(site)
        time.sleep(0.05)
    left = {name: each.status for name, each in answers(site).items() if each.is_running}
    raise AssertionError(f"after {seconds} s these still run: {left}")


@dataclass
class Audit:
    """What is wrong in the books, counted; all of it shall be 0."""

    questions_twice: int = 0  # the same words stored twice
    text_wrong: int = 0  # not the beginning of what the provider says, to the character
    text_missing: int = 0  # complete, but not whole
    endings_missing: int = 0
    calls_open: int = 0
    calls_not_in_ledger: int = 0  # the provider was asked more often than the ledger says
    sums_wrong: int = 0  # totals that are not the sum of the ledger, by manage.py audit_ledger
    held_back: int = 0  # amounts that are still reserved though nothing runs

    @property
    def problems(self) -> dict[str, int]:
        return {name: number for name, number in vars(self).items() if number}


def audit(site: Serving, provider: Provider) -> Audit:
    found = Audit()
    questions = site.rows("select text from conversations_message where role = 'user'")
    found.questions_twice = len(questions) - len({text for (text,) in questions})
    stored = answers(site)
    for answer in stored.values():
        found.endings_missing += answer.is_running or not answer.has_ended
        found.text_wrong += not is_beginning(answer.text)
        is_whole = answer.text == whole_answer(answer.question)
        found.text_missing += answer.status == "complete" and not is_whole
    [(found.calls_open,)] = site.rows(
        "select count(*) from conversations_completion where ended_at is null"
    )
    rows = ledger(site)
    asked = Counter(call.name for call in provider.calls)
    for name, answer in stored.items():
        found.calls_not_in_ledger += max(asked[name] - rows[answer.id], 0)
    found.sums_wrong = len(site.audit())
    [(found.held_back,)] = site.rows("select count(*) from conversations_reservation")
    return found


def check(fault: Fault, site: Serving, provider: Provider) -> None:
    """The books are right, and nothing was lost."""
    audited = audit(site, provider)
    wrong = audited.sums_wrong + audited.held_back
    fault.count("cents", wrong + audited.calls_not_in_ledger + audited.calls_open)
    assert audited.problems == {}
    assert not any(fault.lost.values()), fault.line


def incomplete(ended: dict[str, Stored], texts: Iterable[str]) -> int:
    """How many of these questions have no whole answer."""
    return sum(ended[name_of(text)].status != "complete" for text in texts)


def ledger(site: Serving) -> Counter[uuid.UUID]:
    """Rows for each answer."""
    rows = site.rows("select message_id from conversations_completion")
    return Counter(_id(answer) for (answer,) in rows if answer)
