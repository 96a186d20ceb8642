import pytest
from django.contrib.auth.models import Group, Permission

from conversations.models import Flag, FlagReason
from conversations.review import flags
from tests.admin.ledger import make_talk
from tests.people import make_person


@pytest.fixture
def talk(alice):
    return make_talk(alice)


@pytest.fixture
def flag(talk, carol):
    return flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.")


def able(name, *rights, **fields):
    person = make_person(name, **{"is_staff": True, **fields})
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return person


def test_a_flag_says_who_raised_it_and_what_about(flag, talk, carol):
    assert (flag.conversation, flag.message, flag.state) == (talk, None, "unresolved")
    assert (flag.raised_by, flag.raised_by_name, flag.words) == (carol, "carol", "Four minutes.")


def test_the_same_once_more_is_the_same_flag(flag, talk, carol, bob):
    again = flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.")
    others = flags.raise_flag(talk, bob, FlagReason.WRONG, "Four minutes.")

    assert (again, others == flag, Flag.objects.count()) == (flag, False, 2)


def test_what_was_resolved_can_be_raised_again(flag, talk, carol):
    flags.resolve(Flag.objects.all(), carol, "Told them.")

    assert flags.raise_flag(talk, carol, FlagReason.WRONG, "Four minutes.") != flag


def test_whoever_resolves_first_has_resolved_it(flag, carol, bob):
    counts = [
        flags.resolve(Flag.objects.all(), carol, "Told them."),
        flags.resolve(Flag.objects.all(), bob, "Mine."),
    ]

    flag.refresh_from_db()
    assert counts == [1, 0]
    assert (flag.resolved_by, flag.resolved_by_name, flag.outcome) == (carol, "carol", "Told them.")
    assert flag.state == "resolved"


def test_what_is_resolved_is_taken_and_handed_over_by_nobody(flag, carol, bob, talk):
    flags.resolve(Flag.objects.all(), carol, "Told them.")

    assert flags.take(Flag.objects.all(), bob) == 0
    assert flags.hand_over(flag, carol, bob, "You know tea.") is None
    flag.refresh_from_db()
    assert (flag.reviewer, talk.notes.count()) == (None, 0)


def test_a_flag_taken_is_ones_own(flag, bob):
    assert flags.take(Flag.objects.all(), bob) == 1
    flag.refresh_from_db()
    assert flag.reviewer == bob


def test_handing_over_leaves_a_note_of_who_to_whom_and_why(flag, carol, bob, talk):
    flags.hand_over(flag, carol, bob, "You know tea.")

    flag.refresh_from_db()
    note = talk.notes.get()
    assert (flag.reviewer, flag.state) == (bob, "unresolved")
    assert (note.author, note.author_name) == (carol, "carol")
    assert note.text == "Handed the flag “wrong or misleading answer” over to bob: You know tea."


def test_reviewers_are_staff_who_may_read_and_settle(carol):
    rights = flags.RIGHTS_OF_A_REVIEWER
    able("erin", *rights)
    group = Group.objects.create(name="Reviewers")
    group.permissions.set(Permission.objects.filter(codename__in=rights))
    able("frank").groups.add(group)
    able("gone", *rights, is_active=False)
    able("nobody", *rights, is_staff=False)
    able("figures", "view_conversation", "change_flag")

    assert [person.username for person in flags.reviewers()] == ["carol", "erin", "frank"]
