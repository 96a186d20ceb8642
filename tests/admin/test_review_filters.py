"""Conversations by cost and by flag, and by what was said in them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.models import Conversation, Flag, FlagReason, Role
from conversations.review import flags
from tests.admin.ledger import ask, make_talk
from tests.admin.pages import CONVERSATIONS, choices, column
from tests.people import make_conversation, say

FLAGS = 8


def titles(client, **query):
    return sorted(column(client.get(CONVERSATIONS, query), 0))


@pytest.mark.parametrize(
    ("band", "found"),
    [
        ("0", ["free", "nothing"]),
        ("0.01", ["least", "partly"]),
        ("0.10", ["cent"]),
        ("1", ["dime"]),
        ("10", ["dollar"]),
        ("more", ["ten"]),
        ("unknown", ["partly", "unknown"]),
    ],
)
def test_a_band_of_cost_holds_its_lower_end_and_what_is_unknown_has_its_own(
    staff, alice, band, found
):
    costs = {
        "nothing": [],
        "free": ["0"],
        "least": ["0.000000000001"],
        "cent": ["0.01"],
        "dime": ["0.1"],
        "dollar": ["1"],
        "ten": ["10"],
        "unknown": [None],
        "partly": ["0.001", None],
    }
    for title, some in costs.items():
        talk = make_conversation(alice, title=title)
        for cost in some:
            ask(talk, cost=cost and Decimal(cost))

    assert titles(staff, cost=band) == found


def test_bands_are_counted(staff, alice):
    make_talk(alice)

    offered = choices(staff.get(CONVERSATIONS, {"_facets": "True"}), "cost")

    assert offered[:3] == ["All", "nothing (0)", "below $0.01 (1)"]
    assert offered[-1] == "cost unknown (0)"


@pytest.fixture
def flagged(alice, carol):
    names = ("none", "open", "done")
    _, unresolved, done = (make_talk(alice, title=name) for name in names)
    flags.raise_flag(unresolved, carol, FlagReason.COST)
    flags.raise_flag(unresolved, carol, FlagReason.WRONG)
    flags.raise_flag(done, carol, FlagReason.COST)
    flags.resolve(Flag.objects.filter(conversation=done), carol, "Fine.")


@pytest.mark.parametrize(
    ("flag", "found"),
    [
        ("unresolved", ["open"]),
        ("any", ["done", "open"]),
        ("none", ["none"]),
        ("cost", ["done", "open"]),
        ("wrong", ["open"]),
        ("harmful", []),
    ],
)
def test_conversations_by_their_flags(staff, flagged, flag, found):
    assert titles(staff, flag=flag) == found


def test_unresolved_flags_are_counted(staff, flagged):
    rows = zip(
        column(staff.get(CONVERSATIONS), 0), column(staff.get(CONVERSATIONS), FLAGS), strict=True
    )

    assert dict(rows) == {"none": "-", "open": "2", "done": "-"}


@pytest.mark.parametrize("query", [{"cost": "x"}, {"flag": "x"}])
def test_a_filter_that_makes_no_sense_is_refused_politely(staff, query):
    assert staff.get(CONVERSATIONS, query).url == f"{CONVERSATIONS}?e=1"


def test_a_span_of_days_narrows_the_list(staff, alice):
    for title, day in (("old", 1), ("mid", 5), ("new", 9)):
        talk = make_conversation(alice, title=title)
        moment = datetime(2026, 3, day, 12, tzinfo=UTC)
        Conversation.objects.filter(pk=talk.pk).update(active_at=moment)

    span = {"active_at__gte": "2026-03-04T00:00Z", "active_at__lt": "2026-03-06T00:00Z"}

    assert titles(staff, **span) == ["mid"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("darj", ["one"]),
        ('"green darjeeling"', ["one"]),
        ('"darjeeling green"', []),
        ("green coffee", ["two"]),
        ("創業", ["two"]),
    ],
)
def test_words_of_messages_are_found_whatever_became_of_them(staff, alice, query, found):
    one, two = make_talk(alice, title="one"), make_talk(alice, title="two")
    say(one, Role.USER, "A green darjeeling", deleted_at=timezone.now())
    say(two, Role.USER, "A green tea. 東京で創業")
    say(two, Role.ASSISTANT, "Or coffee", status="streaming")

    assert titles(staff, q=query) == found
