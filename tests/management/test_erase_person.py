import io

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Message
from tests.admin.ledger import make_talk
from tests.review.planted import figures, places_of, plant


def run(*options: str) -> str:
    said = io.StringIO()
    call_command("erase_person", *options, stdout=said)
    return said.getvalue()


def test_it_says_what_goes_and_what_stays_and_does_it(alice):
    plant(alice)
    before = figures()

    assert run("alice", "--yes").splitlines() == [
        "Goes: the content of 1 conversations (3 messages), 1 presets, name, e-mail, password,"
        " sessions, groups and rights.",
        f"Stays: the figures of 2 calls ($0.0020) and an account called erased-{alice.pk} that"
        " nobody can use.",
        f"Erased. The account is now called erased-{alice.pk}.",
    ]
    assert (places_of(), figures()) == (set(), before)


def test_without_being_told_to_it_only_says_so(alice):
    make_talk(alice)

    with pytest.raises(CommandError, match="Nothing was erased"):
        run("alice")
    assert Message.objects.count() == 2


def test_a_refusal_is_said_in_words(carol):
    with pytest.raises(CommandError, match="only superuser"):
        run("carol", "--yes")


def test_a_name_that_nobody_has_is_said(db):
    with pytest.raises(CommandError, match="nobody of the name 'ada'"):
        run("ada", "--yes")
