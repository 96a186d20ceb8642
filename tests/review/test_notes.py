"""Nothing is written about a conversation once its content was removed; what slipped in is found."""

import pytest

from conversations.errors import InvalidInput
from conversations.models import Conversation, Flag, FlagReason, Note
from conversations.review import flags, notes
from conversations.review.removing import Outcome, remove, with_content
from tests.admin.ledger import make_talk


@pytest.fixture
def talk(alice):
    return make_talk(alice)


@pytest.fixture
def flag(talk, carol):
    return flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.")


ACTS = {
    "flag": lambda flag, by: flags.raise_flag(flag.conversation, by, FlagReason.COST),
    "same flag": lambda flag, by: flags.raise_flag(
        flag.conversation, by, FlagReason.WRONG, "Four minutes."
    ),
    "note": lambda flag, by: notes.write(flag.conversation, by, "Asked them."),
    "hand-over": lambda flag, by: flags.hand_over(flag, by, by, "You know tea."),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_removed_meanwhile_takes_no_more_words(flag, carol, act):
    # By another process: the one that asks still has it as it was.
    Conversation.objects.update(erased_at=flag.raised_at)

    with pytest.raises(InvalidInput, match="content was removed"):
        ACTS[act](flag, carol)

    flag.refresh_from_db()
    assert (Flag.objects.count(), Note.objects.count(), flag.reviewer) == (1, 0, None)


def test_of_several_the_others_are_flagged(talk, bob, carol):
    gone = make_talk(bob)
    Conversation.objects.filter(pk=gone.pk).update(erased_at=gone.created_at)

    count = flags.raise_for_all([gone, talk], carol, FlagReason.COST)

    assert (count, Flag.objects.get().conversation) == (1, talk)


@pytest.mark.parametrize("left", [Flag, Note])
def test_a_removed_one_with_words_of_reviewers_is_removed_again(talk, left):
    everything = Conversation.objects.all()
    assert remove(talk.pk, with_content(everything)) is Outcome.REMOVED
    assert not with_content(everything).exists()
    left.objects.create(conversation=talk)  # as an earlier version let it be

    assert remove(talk.pk, with_content(everything)) is Outcome.REMOVED

    assert (left.objects.exists(), with_content(everything).exists()) == (False, False)
