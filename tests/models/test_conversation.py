from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Conversation, title_from
from tests.people import make_conversation
from tests.properties import modest


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt_tokens": -1},
        {"completion_tokens": -1},
        {"calls": -1},
        {"calls_of_unknown_cost": -1},
        {"max_tokens": -1},
        {"cost": Decimal("-0.000000000001")},
    ],
)
def test_no_total_is_negative(alice, fields):
    with pytest.raises(IntegrityError):
        make_conversation(alice, **fields)


def test_a_person_reaches_what_is_theirs_and_not_deleted(alice, bob):
    tea = make_conversation(alice)
    make_conversation(alice, deleted_at=Now())
    make_conversation(bob)

    assert list(Conversation.objects.owned_by(alice)) == [tea]


def test_the_last_active_comes_first(alice):
    old, new = (make_conversation(alice, title=title) for title in ("old", "new"))
    Conversation.objects.filter(pk=old.pk).update(active_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert list(Conversation.objects.recent_first()) == [new, old]


@pytest.mark.unaudited
def test_a_total_may_exceed_what_one_call_can_take(alice):
    conversation = make_conversation(alice, prompt_tokens=3_000_000_000, completion_tokens=1)

    conversation.refresh_from_db()

    assert conversation.total_tokens == 3_000_000_001


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Tea?", "Tea?"),
        ("  Two\n\ncups \t of tea ", "Two cups of tea"),
        ("", "New chat"),
        (" \n ", "New chat"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("word " * 12 + "end", "word " * 10 + "word…"),
        ("a " + "x" * 70, "a " + "x" * 57 + "…"),
        ("wort " * 6 + "x" * 70, "wort wort wort wort wort wort " + "x" * 29 + "…"),
    ],
)
def test_a_title_is_the_first_words(text, title):
    assert title_from(text) == title


@modest
@given(st.text())
def test_any_text_makes_a_title(text):
    title = title_from(text)

    assert 0 < len(title) <= 60
    assert len(title.splitlines()) == 1
    assert title == title.strip()
