"""Nothing about a person is left but figures, and an account that nobody can use."""

import threading
import uuid

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations import accounting, search
from conversations.models import (
    Alert,
    Budget,
    BudgetOverride,
    Message,
    Note,
    Preset,
    Role,
    Scope,
    Spending,
    Status,
    TranscriptView,
)
from conversations.review.erasing import CannotErase, erase, holdings_of, is_erased
from tests.admin.ledger import make_talk
from tests.people import PASSWORD, make_conversation, make_person, say
from tests.review.planted import figures, places_of, plant

NAME = "zelda.qx"


@pytest.fixture
def zelda(db):
    person = make_person(NAME, is_staff=True)
    person.first_name, person.last_name, person.email = NAME, NAME, f"{NAME}@example.org"
    person.save()
    person.groups.add(Group.objects.create(name="team"))
    person.user_permissions.add(Permission.objects.first())
    return person


@pytest.fixture
def traces(zelda, alice, carol):
    """Their name in every place to which it is copied."""
    theirs, other = plant(zelda), make_talk(alice)
    other.flags.create(reason="wrong", raised_by=zelda, raised_by_name=NAME)
    other.flags.create(reason="cost", resolved_by=zelda, resolved_by_name=NAME)
    other.notes.create(author=zelda, author_name=NAME, text="Good.")
    other.notes.create(
        author=carol, author_name="carol", text=f"Handed it over to {NAME}: you know"
    )
    view = TranscriptView.objects.create
    view(conversation=theirs, owner_name=NAME, reader=carol, reader_name="carol")
    view(owner_name=NAME, reader=carol, reader_name="carol")
    view(conversation=other, owner_name="alice", reader=zelda, reader_name=NAME)
    budget = Budget.objects.create(scope=Scope.PERSON, person=zelda, limit=1)
    more = {"begins": timezone.localdate(), "amount": 1, "budget": budget, "person": zelda}
    names = {"budget_words": str(budget), "person_name": NAME, "made_by_name": "carol"}
    BudgetOverride.objects.create(**more, **names, reason=f"{NAME} asked for it.")
    spending = Spending.objects.filter(user=zelda).first()
    Alert.objects.create(kind="near", spending=spending, spent=1, words=f"{NAME} has spent $1.00.")
    account = ContentType.objects.get_for_model(User)
    entry = {"user": carol, "action_flag": CHANGE, "change_message": "[]"}
    LogEntry.objects.create(**entry, content_type=account, object_id=zelda.pk, object_repr=NAME)
    about = ContentType.objects.get_for_model(Budget)
    LogEntry.objects.create(**entry, content_type=about, object_id=1, object_repr=str(budget))
    return theirs


def test_neither_a_word_nor_the_name_is_left_anywhere(zelda, traces):
    assert len(places_of(NAME)) >= 15

    erase(zelda)
    search.compact()

    assert (places_of(), places_of(NAME)) == (set(), set())
    assert set(Alert.objects.values_list("words", flat=True)) == {
        f"erased-{zelda.pk} has spent $1.00."
    }
    assert BudgetOverride.objects.get().budget_words == f"erased-{zelda.pk}, a month"


def renamed(person, name) -> User:
    """As they come to be called, with what is written of them from then on."""
    User.objects.filter(pk=person.pk).update(username=name)
    person = User.objects.get(pk=person.pk)
    budget = Budget.objects.get(person=person)
    names = {"budget_words": str(budget), "made_by": person, "made_by_name": name}
    BudgetOverride.objects.create(
        budget=budget, begins=timezone.localdate(), amount=1, **names, reason=f"{name} again."
    )
    return person


def test_no_former_name_is_left_either(zelda, traces):
    zelda = renamed(renamed(zelda, "yolanda.qx"), "xenia.qx")
    assert len(places_of(NAME)) >= 10

    erase(zelda)
    search.compact()

    left = {name: places_of(name) for name in (NAME, "yolanda.qx", "xenia.qx")}
    assert left == {NAME: set(), "yolanda.qx": set(), "xenia.qx": set()}
    assert Note.objects.filter(text=f"Handed it over to erased-{zelda.pk}: you know").exists()


@pytest.mark.parametrize("kept", ["alert", "budget"])
def test_a_former_name_that_one_sentence_alone_tells_is_found(zelda, kept):
    plant(zelda)
    if kept == "alert":
        spending = Spending.objects.filter(user=zelda).first()
        words = f"{NAME} has spent $1.00 of $2.00."
        Alert.objects.create(kind="near", spending=spending, spent=1, words=words)
    budget = Budget.objects.create(scope=Scope.PERSON, person=zelda, limit=1)
    if kept == "budget":
        more = {"budget_words": str(budget), "made_by_name": "carol", "reason": f"For {NAME}"}
        BudgetOverride.objects.create(budget=budget, begins=timezone.localdate(), amount=1, **more)
    TranscriptView.objects.create(owner_name=NAME, reader_name="carol")

    erase(renamed(zelda, "xenia.qx"))
    search.compact()

    assert (places_of(NAME), places_of("xenia.qx")) == (set(), set())


def test_a_former_name_that_is_anothers_by_now_is_left_to_them(zelda, traces):
    zelda = renamed(zelda, "xenia.qx")
    other = make_person(NAME)
    own = make_talk(other).notes.create(author=other, author_name=NAME, text="Mine")
    view = TranscriptView.objects.create(owner_name=NAME, reader_name="carol")

    erase(zelda)

    for row in (other, own, view):
        row.refresh_from_db()
    assert (other.username, own.author_name, view.owner_name) == (NAME, NAME, NAME)
    assert not Alert.objects.filter(words__contains=NAME).exists()
    assert not BudgetOverride.objects.filter(budget_words__contains=NAME).exists()
    assert not Note.objects.filter(author=zelda, author_name=NAME).exists()


def test_every_figure_stays_as_it_was(zelda, traces):
    before = figures()

    erase(zelda)

    assert figures() == before
    assert accounting.audit() == []


def test_the_account_is_a_row_that_nobody_can_use(zelda, traces):
    browser = Client()
    browser.login(username=NAME, password=PASSWORD)
    assert browser.get("/").status_code == 200

    erase(zelda)

    zelda.refresh_from_db()
    assert is_erased(zelda)
    assert (zelda.username, zelda.email, zelda.get_full_name()) == (f"erased-{zelda.pk}", "", "")
    assert (zelda.has_usable_password(), zelda.is_staff, zelda.last_login) == (False, False, None)
    assert (zelda.groups.count(), zelda.user_permissions.count()) == (0, 0)
    assert browser.get("/").status_code == 302
    assert not Session.objects.exists()
    assert not browser.login(username=zelda.username, password=PASSWORD)


def test_other_people_lose_nothing(zelda, traces, alice):
    plant(alice, word="kettle")
    other = Client()
    other.force_login(alice)

    erase(zelda)

    assert other.get("/").status_code == 200
    assert "conversations_message.text" in places_of("kettle")
    assert Preset.objects.get().owner == alice
    assert Note.objects.filter(author_name=f"erased-{zelda.pk}", text="Good.").exists()


def test_a_name_that_is_part_of_anothers_name_leaves_that_one_alone(zelda, traces):
    spending = Spending.objects.filter(user=zelda).last()
    words = f"{NAME}2, {NAME}.b and x-{NAME} owe {NAME}."
    Alert.objects.create(kind="near", spending=spending, spent=1, limit=5, words=words)

    erase(zelda)

    new = f"erased-{zelda.pk}"
    assert Alert.objects.filter(words=f"{NAME}2, {NAME}.b and x-{NAME} owe {new}.").exists()


def test_again_it_changes_nothing(zelda, traces):
    erase(zelda)
    before = figures(), list(User.objects.values())

    erase(User.objects.get(pk=zelda.pk))

    after = figures(), list(User.objects.values())
    assert after[0] == before[0]
    assert [row["username"] for row in after[1]] == [row["username"] for row in before[1]]


def test_the_words_of_calls_whose_chat_is_gone_go_too(zelda):
    plant(zelda).delete()
    assert "conversations_completion.context" in places_of()

    erase(zelda)
    search.compact()

    assert places_of() == set()


def test_what_there_is_is_told_in_numbers(zelda):
    plant(zelda)

    held = erase(zelda)

    assert (held.conversations, held.messages, held.presets, held.calls) == (1, 3, 1, 2)
    now = holdings_of(zelda)
    assert (now.conversations, now.messages, now.presets, now.calls) == (0, 0, 0, 2)
    assert now.cost == held.cost > 0


def test_a_cost_that_nobody_knows_is_not_told_as_nothing(zelda):
    assert holdings_of(zelda).cost == 0
    make_talk(zelda, call={"cost": None})

    held = holdings_of(zelda)

    assert (held.cost, held.calls, held.calls_of_unknown_cost) == (None, 1, 1)


def test_the_only_superuser_is_not_erased(carol):
    with pytest.raises(CannotErase, match="only superuser"):
        erase(carol)

    carol.refresh_from_db()
    assert carol.is_active


# --- answers under way --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_in_line_is_ended(zelda):
    talk = make_conversation(zelda)
    question = say(talk, Role.USER, "How long?")
    say(talk, Role.ASSISTANT, "", question, status=Status.QUEUED)

    erase(zelda)

    talk.refresh_from_db()
    assert talk.erased_at
    assert not Message.objects.exists()


def streaming(person) -> Message:
    talk = make_conversation(person)
    question = say(talk, Role.USER, "How long?")
    return say(talk, Role.ASSISTANT, "So", question, status=Status.STREAMING, run=uuid.uuid4())


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_goes_on_elsewhere_is_waited_for(zelda):
    answer = streaming(zelda)

    def end_when_asked():
        while not Message.objects.filter(pk=answer.pk, stop_asked=True).exists():
            pass
        Message.objects.filter(pk=answer.pk).update(status=Status.STOPPED)
        connection.close()

    runner = threading.Thread(target=end_when_asked)
    runner.start()
    erase(zelda, patience=60)
    runner.join()

    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_does_not_end_is_said_and_nothing_is_removed_but_the_way_in(zelda):
    answer = streaming(zelda)

    with pytest.raises(CannotErase, match="asked to stop, and the account is closed"):
        erase(zelda, patience=0)

    answer.refresh_from_db()
    zelda.refresh_from_db()
    assert (answer.stop_asked, answer.text) == (True, "So")
    assert (zelda.is_active, zelda.username) == (False, NAME)
