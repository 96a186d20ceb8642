"""The site as `docs/deployment.md` sets it up, while each of its parts is killed, restarted, frozen
or cut off in turn, and people go on talking."""

import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack

import pytest

from tests.client.page import Page
from tests.client.turns import Turn
from tests.deploy.conftest import TIMES
from tests.deploy.machine import DEPLOY, missing_parts, wait_for
from tests.upstream_server import Step, content, done, finish, role_chunk, usage
from tests.upstream_server import pause as rest

pytestmark = [
    pytest.mark.sqlite,  # has its own database: once is enough
    pytest.mark.skipif(bool(missing_parts()), reason=f"needs {missing_parts()}"),
]

CHATS = 6
PACE_SECONDS = 0.05
# Nobody waits longer than this for the next ending, whatever happens.
STUCK_SECONDS = 300
# What may be lost at a kill: what arrived within one flush interval. A word that has gone out may
# take a while to arrive, and its storing too, on a machine that has other things to do.
LOST_SECONDS = float(TIMES["FLUSH_SECONDS"]) + 2


class Sent(Step):
    """Notes when a word has gone out."""

    def __init__(self, times: list[float]) -> None:
        self.times = times

    async def play(self, response) -> None:
        self.times.append(time.monotonic())


def whole_answer(question: str) -> list[str]:
    """What the provider says to a question: every word is its own."""
    name, dice = question.split()[-1], random.Random(question)
    length = 120 if dice.random() < 0.15 else dice.randint(10, 30)
    return [f"{name}.{n}" for n in range(length)]


class Provider:
    """Plays each question's answer, word by word, and knows when each word went out."""

    def __init__(self, server) -> None:
        self.times: dict[str, list[float]] = {}
        self.calls: Counter[str] = Counter()
        server.play(self._script, times=None)

    def _script(self, request):
        question = request.last_user_text
        words = whole_answer(question)
        times = self.times[question] = []
        self.calls[question] += 1
        steps = [role_chunk()]
        for n, word in enumerate(words):
            steps += [content(f" {word}" if n else word), Sent(times), rest(PACE_SECONDS)]
        return [*steps, finish(), usage(10, len(words)), done()]


class Chat:
    """Somebody who asks again as soon as the answer has ended."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.asked: dict[uuid.UUID, tuple[uuid.UUID, str]] = {}  # answer: client id and question
        self.ended: dict[uuid.UUID, Turn] = {}  # as the page showed it then
        self.is_over = False

    def talk(self) -> None:
        while not self.is_over:
            question, client_id = f"Question {self.name}-{len(self.asked)}", uuid.uuid4()
            answer = self.page.send(question, client_id, STUCK_SECONDS)
            self.asked[answer] = client_id, question
            self.ended[answer] = self.page.wait_until_ended(STUCK_SECONDS, answer)

    @property
    def endings(self) -> int:
        return len(self.ended)


class Injector:
    """What is done to the machine, one thing after the other; each is undone at its end."""

    def __init__(self, machine, chats: list[Chat]) -> None:
        self.machine, self.chats = machine, chats
        self.cuts: list[float] = []  # when a process lost what it had not stored
        self.endings: dict[uuid.UUID, list[str]] = {}

    def kill_a_process(self) -> None:
        unit = self.machine.busiest()
        self.cuts.append(time.monotonic())
        unit.send(signal.SIGKILL)
        wait_for(self.machine.is_ready, "the killed process' return")

    def freeze_a_process(self) -> None:
        """Until everybody has had another answer from elsewhere: its own are taken over, and what
        it wakes up to is not its own any more."""
        unit = self.machine.busiest()
        self.cuts.append(time.monotonic())
        unit.send(signal.SIGSTOP)
        before = [chat.endings for chat in self.chats]
        # Two: an answer that was written elsewhere may have been about to end.
        wait_for(
            lambda: self.all_went_on_from(before, 2), "answers past a frozen process", STUCK_SECONDS
        )
        self._note_endings()
        unit.send(signal.SIGCONT)
        wait_for(self.machine.is_ready, "the frozen process' return")

    def all_went_on_from(self, before: list[int], by: int = 1) -> bool:
        """Whether everybody has had so many more endings."""
        return all(chat.endings >= had + by for chat, had in zip(self.chats, before, strict=True))

    def _note_endings(self) -> None:
        """What has ended now must stand like this at the end."""
        rows = self.machine.postgresql.rows(
            "SELECT id, status, md5(text), ended_at FROM conversations_message"
            " WHERE role = 'assistant' AND ended_at IS NOT NULL"
        )
        self.endings = {uuid.UUID(row[0]): row[1:] for row in rows}

    def restart_redis(self) -> None:
        self.machine.redis.stop()
        time.sleep(2)
        self.machine.redis.start()
        wait_for(self.machine.is_ready, "the processes' finding Redis again")

    def cut_database_connections(self) -> None:
        self.machine.postgresql.as_owner(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'chatsite'"
        )

    def crash_postgresql(self) -> None:
        """For longer than the take-over time: that nobody could beat makes nobody dead."""
        self.machine.postgresql.stop("immediate")
        time.sleep(float(TIMES["TAKEOVER_SECONDS"]) + 3)
        self.machine.postgresql.start()
        wait_for(self.machine.is_ready, "the processes' finding PostgreSQL again")

    def crash_nginx(self) -> None:
        self.machine.nginx.kill()
        self.machine.nginx.start()

    def restart_all_in_turn(self) -> None:
        """The script, with a command in the place of systemctl that does what it does."""
        self.cuts.append(time.monotonic())
        machine = self.machine
        restart = machine.folder / "restart"
        restart.write_text(
            f'#!/bin/sh\npid=$(cat "{machine.folder}/chatsite-$1.pid")\n'
            'kill -TERM "$pid"\nwhile kill -0 "$pid" 2>/dev/null; do sleep 0.05; done\n'
        )
        restart.chmod(0o755)
        exits = {unit: len(unit.exits) for unit in machine.units}
        subprocess.run(
            [DEPLOY / "rolling-restart", *(str(unit.port) for unit in machine.units)],
            env=machine.environment | {"RESTART": f"{restart} PORT", "SETTLE_SECONDS": "5"},
            check=True,
        )
        assert [unit.exits[exits[unit] :] for unit in machine.units] == [[0]] * len(exits)


EVERYTHING = (
    Injector.kill_a_process,
    Injector.restart_redis,
    Injector.freeze_a_process,
    Injector.cut_database_connections,
    Injector.crash_postgresql,
    Injector.crash_nginx,
    Injector.restart_all_in_turn,
)


# Where a conversation lands on any process, what lies between the processes matters.
BETWEEN = (Injector.kill_a_process, Injector.restart_redis, Injector.freeze_a_process)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def inject(chats, injector, faults) -> None:
    """Each fault in turn, until everybody has had another ending after it."""
    for fault in faults:
        began = time.monotonic()
        fault(injector)
        undone = time.monotonic()
        before = [chat.endings for chat in chats]
        wait_for(
            lambda had=before: injector.all_went_on_from(had),
            "everybody's next answer",
            STUCK_SECONDS,
        )
        say(
            f"{fault.__name__}: undone after {undone - began:.1f} s,"
            f" everybody had another answer {time.monotonic() - undone:.1f} s later"
        )


def live_through(machine, faults, name: str):
    """The chats and the injector, after all of it."""
    people, conversations = machine.begin_chats(name, CHATS)
    with ExitStack() as open_pages, ThreadPoolExecutor(CHATS + 1) as threads:
        chats = []
        for number, (person, conversation) in enumerate(zip(people, conversations, strict=True)):
            page = open_pages.enter_context(Page(person, conversation, checks=False))
            chats.append(Chat(page, f"{name}{number}"))
        injector = Injector(machine, chats)
        talking = [threads.submit(chat.talk) for chat in chats]
        faulty = threads.submit(inject, chats, injector, faults)
        # Somebody who stops talking is stuck.
        wait({faulty, *talking}, return_when=FIRST_COMPLETED)
        for chat in chats:
            chat.is_over = True
        for each in (*talking, faulty):
            each.result()
    return chats, injector


def stored(machine, chats) -> dict[uuid.UUID, list[str]]:
    """Every answer of these chats, by id: status, text, ending's time, question's client id."""
    ids = ",".join(f"'{chat.page.conversation}'" for chat in chats)
    return {
        uuid.UUID(row[0]): row[1:]
        for row in machine.postgresql.rows(
            "SELECT a.id, a.status, a.text, a.ended_at, q.client_id, md5(a.text)"
            " FROM conversations_message a JOIN conversations_message q ON q.id = a.parent_id"
            f" WHERE a.role = 'assistant' AND a.conversation_id IN ({ids})"
        )
    }


def seconds_lost(words: int, times: list[float], cuts: list[float]) -> float:
    """What had gone out by the first cut in this call's time and is not stored, in seconds of the
    provider's own pace: a machine that is slow for all of us is no loss."""
    cut = next((cut for cut in cuts if times and times[0] < cut), 0)
    return sum(at < cut for at in times[words:]) * PACE_SECONDS


def check_promises(machine, chats, injector, provider) -> tuple[Counter, float]:
    rows = stored(machine, chats)
    # Every message that was acknowledged is there, once, with its one answer.
    asked = {answer: each for chat in chats for answer, each in chat.asked.items()}
    assert {answer: rows[answer][3] for answer in asked} == {
        answer: str(client_id) for answer, (client_id, _) in asked.items()
    }
    assert set(rows) == set(asked)
    statuses = Counter(row[0] for row in rows.values())
    assert set(statuses) <= {"complete", "interrupted"}
    most_lost = 0.0
    for chat in chats:
        for answer, (_, question) in chat.asked.items():
            status, text, ended_at, *_ = rows[answer]
            words, full = text.split(), whole_answer(question)
            assert ended_at
            assert words == full[: len(words)], answer
            assert status != "complete" or words == full
            lost = seconds_lost(len(words), provider.times.get(question, []), injector.cuts)
            assert lost < LOST_SECONDS, f"{answer} {status}: {len(words)} of {full}"
            most_lost = max(most_lost, lost)
            # The page ended with exactly this, and stayed so.
            for shown in (chat.ended[answer], chat.page.turns[answer]):
                assert (shown.status, shown.source, shown.words) == (status, text, words)
    # What had ended while its process was frozen was not ended again.
    for answer, ending in injector.endings.items():
        if answer in rows:
            status, _, ended_at, _, digest = rows[answer]
            assert [status, digest, ended_at] == ending
    return statuses, most_lost


@pytest.mark.parametrize("is_hashed", [True, False], ids=["hashed", "round robin"])
def test_conversations_live_through_all_of_it(machine, is_hashed):
    provider = Provider(machine.provider)
    machine.nginx.write(is_hashed)
    machine.nginx.reload()
    say(f"\n{CHATS} conversations, {'by hash' if is_hashed else 'round robin'}")

    try:
        faults = EVERYTHING if is_hashed else BETWEEN
        chats, injector = live_through(machine, faults, "ada" if is_hashed else "eve")
        statuses, lost = check_promises(machine, chats, injector, provider)
    except BaseException:
        say(machine.logs())
        raise

    refusals = Counter(each for chat in chats for each in chat.page.seen.refusals)
    codes = Counter(code for chat in chats for code in chat.page.seen.codes)
    say(f"answers: {dict(statuses)}; text lost: at most {lost:.1f} s of it")
    say(f"sockets closed: {dict(codes)}; sent again: {dict(refusals)}")
