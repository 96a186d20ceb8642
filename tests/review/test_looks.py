import pytest

from conversations.models import Look, TranscriptView
from conversations.review import looks
from tests.admin.ledger import make_talk


@pytest.fixture
def talk(alice):
    return make_talk(alice)


def test_a_look_says_who_read_whose_and_how(talk, carol):
    look = looks.log(talk, carol, Look.MARKDOWN)

    assert (look.conversation, look.conversation_key, look.owner_name) == (talk, talk.pk, "alice")
    assert (look.reader, look.reader_name, look.how) == (carol, "carol", "markdown")
    assert list(looks.of(talk)) == [look]


def test_it_outlives_the_conversation_and_both_accounts(talk, alice, carol):
    key = talk.pk
    looks.log(talk, carol, Look.PAGE)
    talk.delete()
    alice.delete()
    carol.delete()

    left = TranscriptView.objects.get()
    assert (left.conversation, left.reader) == (None, None)
    assert (left.conversation_key, left.owner_name, left.reader_name) == (key, "alice", "carol")


def test_a_call_that_outlived_its_conversation_is_logged_all_the_same(talk, alice, carol):
    call = talk.completions.get()
    talk.delete()
    call.refresh_from_db()

    look = looks.log_call(call, carol)

    assert (look.conversation_key, look.owner_name, look.how) == (None, "alice", "seen")
