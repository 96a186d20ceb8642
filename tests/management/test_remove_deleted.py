import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from conversations.management.commands import remove_deleted
from conversations.models import Message, Role, Status
from conversations.review import removing
from tests.admin.ledger import make_talk
from tests.people import say
from tests.review.planted import figures


@pytest.fixture
def talks(alice):
    """Two that are due, one that was deleted yesterday, one that is there."""
    now = timezone.now()
    ages = (timedelta(days=40), timedelta(days=31), timedelta(days=1), None)
    return [make_talk(alice, deleted_at=age and now - age) for age in ages]


def run(*options: str, **more) -> str:
    said = io.StringIO()
    call_command("remove_deleted", *options, stdout=said, **more)
    return said.getvalue()


def test_what_was_deleted_long_ago_is_removed_and_the_rest_kept(talks):
    before = figures()

    assert run() == "Removed the content of 2 conversations.\n"
    assert [talk.messages.count() for talk in talks] == [0, 0, 2, 2]
    assert figures() == before


def test_again_it_removes_nothing(talks):
    run()
    before = list(Message.objects.values())

    assert run() == "Removed the content of 0 conversations.\n"
    assert list(Message.objects.values()) == before


def test_a_dry_run_says_it_and_removes_nothing(talks):
    assert run("--dry-run") == "Would remove the content of 2 conversations: 4 messages.\n"
    assert Message.objects.count() == 8


def test_what_is_being_answered_waits_for_the_next_run(talks):
    say(talks[0], Role.ASSISTANT, "", status=Status.STREAMING)

    assert run().splitlines() == [
        "Removed the content of 1 conversation.",
        "1 conversation being answered: left for the next run.",
    ]
    assert talks[0].messages.count() == 3


def test_it_goes_through_all_of_them_in_batches(talks, monkeypatch, settings):
    settings.KEEP_DELETED_DAYS = 0
    monkeypatch.setattr(remove_deleted, "BATCH", 1)

    said = run(verbosity=2)

    assert said.splitlines()[-1] == "Removed the content of 3 conversations."
    assert {f"{talk.pk}: removed" for talk in talks[:3]} == set(said.splitlines()[:-1])


def test_one_that_cannot_be_removed_keeps_no_other(talks, monkeypatch):
    really = removing.remove

    def break_at_first(pk, due):
        if pk == min(talks[0].pk, talks[1].pk):
            raise DatabaseError("with alice's words")
        return really(pk, due)

    monkeypatch.setattr(removing, "remove", break_at_first)
    complained = io.StringIO()

    with pytest.raises(CommandError, match="1 conversation could not be removed"):
        run(stderr=complained)
    assert sum(talk.messages.count() for talk in talks) == 6
    assert "alice" not in complained.getvalue()
