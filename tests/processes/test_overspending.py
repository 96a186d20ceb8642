"""Budgets hold over processes: whoever sends how much at once, wherever."""

import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import cycle

import pytest

from tests.faults.provider import question
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.sqlite,  # starts its own database: once is enough
    pytest.mark.parametrize("pair", ["redis", "sqlite"], indirect=True),
]

AT_ONCE = 50
ADMITTED, REFUSED = 202, 402
WORDS, MODEL = 40, "gpt-4o-mini"


def usd(picodollars):
    return Decimal(picodollars).scaleb(-12)


def attempts(pair, name, count=AT_ONCE):
    """So many first messages at once, in turn to each process; how often each status came back."""
    sites = cycle([pair.a, pair.b])

    def attempt(site):
        text = question(WORDS, name=name)
        # An answer takes nearly as much as it may: so what is held back is nearly what is spent.
        sent = pair.person.post(
            "/c/", site, text=text, client_id=uuid.uuid4(), model=MODEL, max_tokens=60
        )
        return sent.status

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(attempt, [next(sites) for _ in range(count)]))


def spending(pair):
    """USD that the person has spent and that is held back for them, this month."""
    [row] = pair.a.rows(
        "select spent, reserved from conversations_spending s join auth_user u on u.id = s.user_id"
        " where u.username = ? and s.period = 'month'",
        pair.person.name,
    )
    return tuple(map(usd, row))


def wait_until_all_have_ended(pair):
    running = "select count(*) from conversations_message where status in ('queued', 'streaming')"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if pair.a.rows(running) == [(0,)]:
            return
        time.sleep(0.05)
    raise AssertionError("there are answers that do not end")


def set_budget(pair, limit):
    pair.a.manage(
        "from django.contrib.auth.models import User\n"
        "from conversations.models import Budget\n"
        f"person = User.objects.get(username={pair.person.name!r})\n"
        "of = {'scope': 'person', 'person': person, 'period': 'month'}\n"
        f"Budget.objects.update_or_create(**of, defaults={{'limit': '{limit}'}})"
    )


def test_nothing_is_spent_past_a_budget_by_however_many_at_once(pair, provider, capsys):
    gate = provider.hold_after("held", 1)
    assert attempts(pair, "held", 1) == {ADMITTED: 1}
    _, worst_case = spending(pair)
    limit = worst_case * Decimal("3.5")
    set_budget(pair, limit)

    # Nothing is settled meanwhile: of the three that fit, one is there already.
    assert attempts(pair, "held") == {ADMITTED: 2, REFUSED: AT_ONCE - 2}
    assert spending(pair) == (0, 3 * worst_case)

    gate.set()
    limit = worst_case * Decimal("12.5")
    set_budget(pair, limit)
    made, admitted = 1 + AT_ONCE, 3
    # While these are settled, others are admitted, until nothing fits any more.
    while True:
        came = attempts(pair, "quick", 20)
        made, admitted = made + 20, admitted + came[ADMITTED]
        assert set(came) <= {ADMITTED, REFUSED}
        if came[REFUSED] == 20:
            wait_until_all_have_ended(pair)
            spent, reserved = spending(pair)
            if limit - spent < worst_case:
                break
    over = max(spent - limit, Decimal(0)) * 100
    with capsys.disabled():
        sys.stdout.write(
            f"\n{pair.ground}: {made} attempts over two processes, {admitted} admitted,"
            f" ${spent:f} of ${limit:f} spent, {over:f} cents over\n"
        )
    assert (over, reserved) == (0, 0)
    assert pair.b.audit() == []
